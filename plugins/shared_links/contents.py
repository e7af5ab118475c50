"""What is in a link's own list of assets, and what guests add to it or to its album."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import Value

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetIdErrorReason, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import reachable, select_assets
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, many
from immich_flask.infra.sql import Lookup, for_key_share
from plugins.albums.api import add_assets
from plugins.shared_links.access import living, own_link
from plugins.shared_links.models import SharedLink, SharedLinkAsset


def add(auth: Auth, link_id: str, asset_ids: list[str]) -> list[dict]:
    """Add assets that the caller may share; `AssetIdsResponse` for each id. Raises BadRequest for a link to an
    album."""
    with atomic():
        _require_list(auth, link_id)
        allowed = reachable(auth, asset_ids, Permission.ASSET_SHARE)
        added = put(link_id, allowed)
        known = added | _present(link_id, asset_ids)
    results = []
    for asset_id in asset_ids:
        if asset_id in added:
            added.discard(asset_id)
            results.append(_result(asset_id))
        else:
            results.append(_result(asset_id, AssetIdErrorReason.DUPLICATE if asset_id in known
                                   else AssetIdErrorReason.NO_PERMISSION))
    return results


def remove(auth: Auth, link_id: str, asset_ids: list[str]) -> list[dict]:
    """Take assets out; `AssetIdsResponse` for each id. Raises BadRequest for a link to an album."""
    with atomic():
        _require_list(auth, link_id)
        gone = (SharedLinkAsset.delete()
                .where(SharedLinkAsset.link == link_id, SharedLinkAsset.asset.in_(many(asset_ids)))
                .returning(SharedLinkAsset.asset).tuples().execute())
        removed = {asset_id for asset_id, in gone}
    return [_result(asset_id, None if asset_id in removed else AssetIdErrorReason.NOT_FOUND) for asset_id in asset_ids]


def put(link_id: str, asset_ids: Iterable[str]) -> set[str]:
    """Put assets into a link; returns the ids of those that were not in it. What does not exist is passed over."""
    # With their rows held, so that what is deleted meanwhile is passed over, too.
    rows = for_key_share(select_assets(Value(link_id), Asset.id).where(Asset.id.in_(many(asset_ids)))
                         .order_by(Asset.id))
    new = (SharedLinkAsset.insert_from(rows, [SharedLinkAsset.link, SharedLinkAsset.asset]).on_conflict_ignore()
           .returning(SharedLinkAsset.asset).tuples().execute())
    return {asset_id for asset_id, in new}


def receive(link_id: str, asset_id: str) -> None:
    """A guest has brought an asset, or one that the owner had already: it joins the album, or the link's own list.

    What the owner keeps in the locked folder stays there, and the guest does not hear of it.
    """
    row = SharedLink.select(SharedLink.album).where(SharedLink.id == link_id).tuples().first()
    if row is None or _is_locked(asset_id):
        return
    album_id, = row
    if album_id is None:
        put(link_id, [asset_id])
    else:
        add_assets([album_id], [asset_id], by=None)


def copy(source_id: str, target_id: str) -> None:
    """Put one asset into all links that hold another, unless it is locked."""
    if _is_locked(target_id):
        return
    held = SharedLinkAsset.select(SharedLinkAsset.link, Value(target_id)).where(SharedLinkAsset.asset == source_id)
    SharedLinkAsset.insert_from(held, [SharedLinkAsset.link, SharedLinkAsset.asset]).on_conflict_ignore().execute()


def linked_albums(album_ids: Iterable[str]) -> set[str]:
    """Those of the albums to which there is a link, whoever made it."""
    return {album_id for album_id, in _linked.rows(list(album_ids))}


_linked = Lookup(lambda album_ids: living(SharedLink.album).where(SharedLink.album.in_(many(album_ids))))


def _is_locked(asset_id: str) -> bool:
    return select_assets().where(Asset.id == asset_id, Asset.visibility == AssetVisibility.LOCKED).exists()


def _require_list(auth: Auth, link_id: str) -> None:
    album_id, = own_link(auth, link_id, SharedLink.album)
    if album_id is not None:
        raise BadRequest("Invalid shared link type")


def _present(link_id: str, asset_ids: Iterable[str]) -> set[str]:
    query = SharedLinkAsset.select(SharedLinkAsset.asset).where(SharedLinkAsset.link == link_id,
                                                                SharedLinkAsset.asset.in_(many(asset_ids))).tuples()
    return {asset_id for asset_id, in query}


def _result(asset_id: str, error: AssetIdErrorReason | None = None) -> dict:
    if error is None:
        return {"assetId": asset_id, "success": True}
    return {"assetId": asset_id, "success": False, "error": error}
