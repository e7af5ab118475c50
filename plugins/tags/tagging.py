"""Putting tags on assets, and taking them off.

What a user does about the tags of a picture of his outranks what its file says, also when the file is read again later:
the whole list is remembered in `asset_exif.tags`, as something that the user has said (`locked`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from peewee import JOIN

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import BulkIdErrorReason
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.events import AssetsMerged, AssetsUpdated
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.assets.update import remember_as_edited
from immich_flask.core.assets.visible import reachable, select_assets
from immich_flask.core.bulk import bulk_result
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.http.answers import json_bytes
from immich_flask.infra.sql import for_key_share, update_each
from plugins.tags import access
from plugins.tags.models import Tag, TagAsset

MAX_PAIRS = 500_000
"""What one call may ask for: the product of tags and assets grows fast, and other writers wait for it."""


def tag_assets(auth: Auth, tag_id: str, asset_ids: list[str]) -> list[dict]:
    """Put a tag on what the caller may share; `BulkIdResponse` for each id. Raises NoAccess(tag.asset)."""
    with atomic():
        quota.lock([auth.user_id])
        access.require(auth, tag_id, Permission.TAG_ASSET)
        present = _carriers(tag_id, asset_ids)
        allowed = reachable(auth, set(asset_ids) - present, Permission.ASSET_SHARE)
        added = {asset_id for _, asset_id in put([tag_id], allowed)}
        remember(auth.user_id, added)
    results, new = [], set(added)
    for asset_id in asset_ids:
        if asset_id in new:
            new.discard(asset_id)
            results.append(bulk_result(asset_id))
        elif asset_id in present or asset_id in added:
            results.append(bulk_result(asset_id, BulkIdErrorReason.DUPLICATE))
        else:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NO_PERMISSION))
    return results


def tag_many(auth: Auth, tag_ids: list[str], asset_ids: list[str]) -> int:
    """Put all tags on all assets, as far as both are the caller's; returns how many pairs are new."""
    with atomic():
        quota.lock([auth.user_id])
        tags = access.own(auth, tag_ids)
        allowed = reachable(auth, asset_ids, Permission.ASSET_UPDATE) if tags else set()
        if len(tags) * len(allowed) > MAX_PAIRS:
            raise BadRequest(f"At most {MAX_PAIRS} pairs of tag and asset at once")
        added = put(tags, allowed)
        remember(auth.user_id, {asset_id for _, asset_id in added})
    return len(added)


def untag_assets(auth: Auth, tag_id: str, asset_ids: list[str]) -> list[dict]:
    """Take a tag off whatever carries it; `BulkIdResponse` for each id. Raises NoAccess(tag.asset)."""
    with atomic():
        quota.lock([auth.user_id])
        access.require(auth, tag_id, Permission.TAG_ASSET)
        present = _carriers(tag_id, asset_ids)
        TagAsset.delete().where(TagAsset.tag == tag_id, TagAsset.asset.in_(many(present))).execute()
        remember(auth.user_id, present)
    results = []
    for asset_id in asset_ids:
        results.append(bulk_result(asset_id, None if asset_id in present else BulkIdErrorReason.NOT_FOUND))
        present.discard(asset_id)
    return results


def on_merged(event: AssetsMerged) -> None:
    """Put the owner's tags on the assets that go on those that stay as well."""
    stays = dict(event.pairs)
    carried = (TagAsset.select(TagAsset.tag, TagAsset.asset).join(Tag)
               .where(TagAsset.asset.in_(many(stays)), Tag.user == event.owner_id).tuples())
    pairs = {(tag_id, stays[asset_id]) for tag_id, asset_id in carried}
    for some in chunks(sorted(pairs), 10_000):
        TagAsset.insert_many(some, [TagAsset.tag, TagAsset.asset]).on_conflict_ignore().execute()
    remember(event.owner_id, {asset_id for _, asset_id in pairs})


def put(tag_ids: Collection[str], asset_ids: Collection[str]) -> list[tuple[str, str]]:
    """Put all tags on all assets; what is new, as pairs of tag and asset. Passes over what does not exist any more."""
    if not tag_ids or not asset_ids:
        return []
    pairs = for_key_share(select_assets(Tag.id, Asset.id).join(Tag, JOIN.CROSS)
                          .where(Tag.id.in_(many(tag_ids)), Asset.id.in_(many(asset_ids))).order_by(Tag.id, Asset.id))
    return list(TagAsset.insert_from(pairs, [TagAsset.tag, TagAsset.asset]).on_conflict_ignore()
                .returning(TagAsset.tag, TagAsset.asset).tuples().execute())


def remember(user_id: str, asset_ids: Iterable[str]) -> None:
    """Write down the tags of those of the assets that are the user's, as what he has said about them."""
    for some in chunks(asset_ids, 10_000):
        query = (select_assets(Asset.id, Tag.value).left_outer_join(TagAsset, on=TagAsset.asset == Asset.id)
                 .left_outer_join(Tag, on=(Tag.id == TagAsset.tag) & (Tag.user == user_id))
                 .where(Asset.id.in_(many(some)), Asset.owner == user_id).order_by(Asset.id, Tag.value).tuples())
        values: dict[str, list[str]] = {}
        for asset_id, value in query:
            values.setdefault(asset_id, []).extend([value] if value else [])
        if values:
            update_each(AssetExif, {asset_id: {"tags": json_bytes(tags).decode() if tags else None}
                                    for asset_id, tags in values.items()})
            remember_as_edited(values, {"tags"})
            emit(AssetsUpdated(tuple(values), user_id, frozenset({"tags"})))


def _carriers(tag_id: str, asset_ids: Iterable[str]) -> set[str]:
    query = TagAsset.select(TagAsset.asset).where(TagAsset.tag == tag_id, TagAsset.asset.in_(many(asset_ids))).tuples()
    return {asset_id for asset_id, in query}
