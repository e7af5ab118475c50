"""The end of an asset: into the trash, back, gone for good.

`deleted_at` and `status` are written here only. Whoever calls has found out whether it may happen; that these functions
take ids, not a caller, lets jobs use them as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetStatus
from immich_flask.contracts.events import AssetsDeleted, AssetsRestored, AssetsTrashed, Event
from immich_flask.core.assets import quota
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.assets.visible import require
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.server.about import features
from immich_flask.infra.db import atomic, many
from immich_flask.infra.fields import now
from immich_flask.infra.storage.outside import is_outside


def delete_assets(auth: Auth, asset_ids: Iterable[str], *, force: bool) -> None:
    """Put assets of the caller into the trash; delete them at once with `force`, or where the trash is switched off.

    Raises NoAccess(asset.delete) unless all are the caller's.
    """
    ids = list(dict.fromkeys(asset_ids))
    at_once = force or not features()["trash"]
    with atomic():
        quota.lock([auth.user_id])
        require(auth, ids, "asset.delete")
        if at_once:
            delete(ids)
        else:
            trash(ids)


def trash(asset_ids: Iterable[str]) -> None:
    """Put assets into the trash. Those that are there already keep the day they went."""
    _move(asset_ids, Asset.deleted_at.is_null(), {"deleted_at": now(), "status": AssetStatus.TRASHED}, AssetsTrashed)


def restore(asset_ids: Iterable[str], *, by_id: bool) -> int:
    """Take assets out of the trash; returns how many were in it. `by_id`: somebody named them one by one."""

    def restored(ids: tuple[str, ...], owner_id: str) -> AssetsRestored:
        return AssetsRestored(ids, owner_id, by_id)

    return _move(asset_ids, Asset.status == AssetStatus.TRASHED, {"deleted_at": None, "status": AssetStatus.ACTIVE},
                 restored)


def take_offline(asset_ids: Iterable[str]) -> int:
    """The files of these assets are gone, or not wanted any more: out of sight, until they are back; returns how many.
    It is no trash that they are in, so they can neither be restored nor emptied out of it."""
    ids = list(asset_ids)
    with atomic():
        seen = _move(ids, ~Asset.is_offline & Asset.deleted_at.is_null(), {"is_offline": True, "deleted_at": now()},
                     AssetsTrashed)
        return seen + Asset.update(is_offline=True).where(Asset.id.in_(many(ids)), ~Asset.is_offline).execute()


def bring_online(asset_ids: Iterable[str]) -> int:
    """Undo `take_offline`; returns how many were offline. What is in the trash besides stays there."""

    def restored(ids: tuple[str, ...], owner_id: str) -> AssetsRestored:
        return AssetsRestored(ids, owner_id, by_id=False)

    ids = list(asset_ids)
    with atomic():
        seen = _move(ids, Asset.is_offline & (Asset.status == AssetStatus.ACTIVE),
                     {"is_offline": False, "deleted_at": None}, restored)
        trashed = Asset.is_offline & (Asset.status == AssetStatus.TRASHED)
        return seen + Asset.update(is_offline=False).where(Asset.id.in_(many(ids)), trashed).execute()


def delete(asset_ids: Iterable[str]) -> int:
    """Delete assets for good, with the films of live photos that belong to none of the others; returns how many.

    Rows, usage and events go in one transaction; the bytes follow by a job.
    """
    named = Asset.id.in_(many(asset_ids))
    with atomic():
        _lock_owners_of(named)
        ids = [asset_id for asset_id, in Asset.select(Asset.id).where(named).tuples()]
        doomed = Asset.id.in_(many({*ids, *_moving_parts_only_of(ids)}))
        owners, keys, freed = _by_owner(doomed), _keys(doomed), quota.used_by(doomed)
        Asset.delete().where(doomed).execute()
        for owner_id, owned in owners.items():
            quota.refund(owner_id, freed.get(owner_id, 0))
            emit(AssetsDeleted(owned, owner_id))
        remove_objects(keys)
    return sum(map(len, owners.values()))


def _move(asset_ids: Iterable[str], where: peewee.Expression, columns: dict, event: Callable[..., Event]) -> int:
    condition = Asset.id.in_(many(asset_ids)) & where
    with atomic():
        _lock_owners_of(condition)
        owners = _by_owner(condition)
        for owner_id, owned in owners.items():
            Asset.update(columns).where(Asset.id.in_(many(owned))).execute()
            emit(event(owned, owner_id))
    return sum(map(len, owners.values()))


def _lock_owners_of(condition: peewee.Expression) -> None:
    quota.lock(owner_id for owner_id, in Asset.select(Asset.owner).distinct().where(condition).tuples())


def _by_owner(condition: peewee.Expression) -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {}
    for owner_id, asset_id in Asset.select(Asset.owner, Asset.id).where(condition).tuples():
        owners.setdefault(owner_id, []).append(asset_id)
    return {owner_id: tuple(owned) for owner_id, owned in owners.items()}


def _moving_parts_only_of(still_ids: list[str]) -> list[str]:
    stays = Asset.alias()
    another = stays.select(peewee.SQL("1")).where(
        stays.live_photo_video == Asset.live_photo_video, stays.id.not_in(many(still_ids)))
    query = Asset.select(Asset.live_photo_video).where(
        Asset.id.in_(many(still_ids)), Asset.live_photo_video.is_null(False), ~peewee.fn.EXISTS(another))
    return [film for film, in query.tuples()]


def _keys(condition: peewee.Expression) -> list[str]:
    """The storage keys of everything that belongs to the assets. What is offline, or held by external libraries, is not
    ours to remove."""
    originals = Asset.select(Asset.storage_key).where(condition, ~Asset.is_offline)
    files = AssetFile.select(AssetFile.storage_key).join(Asset).where(condition)
    return [key for query in (originals, files) for key, in query.tuples() if not is_outside(key)]
