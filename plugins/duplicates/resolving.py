"""Deciding on groups of duplicates: what stays, and what goes to the trash (server/src/services/duplicate.service.ts).

Where one stays alone it takes on what was said about the others: their favourite mark, rating, description and place,
and, by the event `AssetsMerged`, their albums and tags. All groups are decided in one transaction, with a number of
queries that does not grow with them, except for different texts and places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility, BulkIdErrorReason
from immich_flask.contracts.events import AssetsMerged
from immich_flask.core.assets import quota
from immich_flask.core.assets.trash import delete_assets
from immich_flask.core.assets.update import update_assets
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.bulk import bulk_result
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, many
from plugins.duplicates import service

BOTH = "An asset cannot be in both keepAssetIds and trashAssetIds"
NEITHER = "Every asset must be in either keepAssetIds or trashAssetIds"


class Member(NamedTuple):
    """What is known about an asset of a group."""

    id: str
    is_favorite: bool
    visibility: str
    rating: int | None
    description: str
    latitude: float | None
    longitude: float | None


def resolve(auth: Auth, groups: Iterable[Mapping[str, Any]]) -> list[dict]:
    """Decide on groups as `DuplicateResolveGroup` says; `BulkIdResponse` for each. A group is refused as a whole when
    one of its assets is not named, or is to be kept and thrown away; other assets are none of its business.

    Raises NoAccess(duplicate.delete) unless all groups are the caller's.
    """
    groups = list(groups)
    wanted = {group["duplicateId"] for group in groups}
    results, decided = [], []
    with atomic():
        quota.lock([auth.user_id])
        service.require_groups(auth, wanted)
        members = _members(auth.user_id, wanted)
        for group in groups:
            duplicate_id = group["duplicateId"]
            keep, throw = set(group["keepAssetIds"]), set(group["trashAssetIds"])
            if duplicate_id not in members:
                results.append(bulk_result(duplicate_id, BulkIdErrorReason.NOT_FOUND))
            elif wrong := _wrong(members[duplicate_id], keep, throw):
                results.append({**bulk_result(duplicate_id, BulkIdErrorReason.VALIDATION), "errorMessage": wrong})
            else:
                # Named a second time it is not there any more.
                decided.append((members.pop(duplicate_id), throw))
                results.append(bulk_result(duplicate_id))
        _decide(auth, decided)
    return results


def _members(owner_id: str, duplicate_ids: set[str]) -> dict[str, list[Member]]:
    columns = (Asset.id, Asset.is_favorite, Asset.visibility, AssetExif.rating, AssetExif.description,
               AssetExif.latitude, AssetExif.longitude)
    rows = (select_assets(Asset.duplicate_id, *columns).join(AssetExif)
            .where(*service.shown(owner_id), Asset.duplicate_id.in_(many(duplicate_ids)))
            .order_by(Asset.local_date_time, Asset.id).tuples())
    found: dict[str, list[Member]] = {}
    for duplicate_id, *row in rows:
        found.setdefault(duplicate_id, []).append(Member(*row))
    return found


def _wrong(members: list[Member], keep: set[str], throw: set[str]) -> str | None:
    """The first reason to refuse."""
    for member in members:
        if member.id in keep and member.id in throw:
            return BOTH
        if member.id not in keep and member.id not in throw:
            return NEITHER
    return None


def _decide(auth: Auth, decided: Sequence[tuple[list[Member], set[str]]]) -> None:
    service.free(auth.user_id, Asset.id.in_(many([member.id for members, _ in decided for member in members])))
    merged: list[tuple[str, str]] = []
    changes: dict[tuple, list[str]] = {}
    thrown: list[str] = []
    for members, throw in decided:
        kept = [member for member in members if member.id not in throw]
        gone = [member.id for member in members if member.id in throw]
        thrown += gone
        if len(kept) == 1 and gone:
            merged += [(asset_id, kept[0].id) for asset_id in gone]
            changes.setdefault(tuple(_taken_on(kept[0], members)), []).append(kept[0].id)
    for change, asset_ids in changes.items():
        if change:
            update_assets(auth, asset_ids, dict(change))
    if merged:
        emit(AssetsMerged(tuple(merged), auth.user_id))
    if thrown:
        delete_assets(auth, thrown, force=False)


def _taken_on(kept: Member, members: list[Member]) -> Iterator[tuple[str, Any]]:
    """What changes about `kept` when it stands for all `members`, as `update_assets` takes it."""
    if not kept.is_favorite and any(member.is_favorite for member in members):
        yield "is_favorite", True
    if any(member.visibility != kept.visibility for member in members):
        # One of them was to be out of sight.
        yield "visibility", AssetVisibility.ARCHIVE
    rating = max(member.rating or 0 for member in members)
    if rating > (kept.rating or 0):
        yield "rating", rating
    lines = [line.strip() for member in members for line in member.description.splitlines()]
    description = "\n".join(dict.fromkeys(filter(None, lines)))
    if description and description != kept.description:
        yield "description", description
    places = [{place for member in members if (place := member[at]) is not None} for at in (-2, -1)]
    if all(len(values) == 1 for values in places):
        (latitude,), (longitude,) = places
        if (latitude, longitude) != (kept.latitude, kept.longitude):
            yield "latitude", latitude
            yield "longitude", longitude
