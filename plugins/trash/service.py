"""Restoring what is in the trash, and emptying it (server/src/services/trash.service.ts).

Emptying a trash of many thousands would hold the request, and the database's writer, for long. So it only gives the
assets up: `status` deleted, out of the trash at once, not to be restored. A job then deletes them in portions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetStatus
from immich_flask.core.assets import trash
from immich_flask.core.assets.visible import require, select_assets
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now

REMOVE = "TrashRemoveGivenUp"

PORTION = 500


def restore_all(auth: Auth) -> int:
    """Take all assets of the caller out of the trash; returns how many."""
    mine = select_assets(Asset.id).where(_in_trash(Asset.owner == auth.user_id)).tuples()
    return trash.restore([asset_id for asset_id, in mine], by_id=False)


def restore(auth: Auth, asset_ids: list[str]) -> int:
    """Take these out of the trash. Returns how many ids were sent, also of assets that were not in it, as the wire has
    it. Raises NoAccess(asset.delete) unless all are the caller's."""
    with atomic():
        require(auth, asset_ids, "asset.delete")
        trash.restore(asset_ids, by_id=True)
    return len(asset_ids)


def empty(auth: Auth) -> int:
    """Give up all that the caller has in the trash; returns how many."""
    return _give_up(Asset.owner == auth.user_id)


def give_up_expired() -> None:
    """Give up what has been in the trash for longer than the days that are set; everything, when it is switched off."""
    days = setting("trash.days") if setting("trash.enabled") else 0
    _give_up(Asset.deleted_at <= now() - timedelta(days=days))


def remove_given_up() -> None:
    """Delete what was given up, in portions. Goes on where a killed run stopped."""
    given_up = select_assets(Asset.id).where(Asset.deleted_at.is_null(False), Asset.status == AssetStatus.DELETED)
    while ids := [asset_id for asset_id, in given_up.limit(PORTION).tuples()]:
        trash.delete(ids)


def _give_up(condition: Any) -> int:
    with atomic():
        count = Asset.update(status=AssetStatus.DELETED).where(_in_trash(condition)).execute()
        if count:
            enqueue(REMOVE, unless_waiting=True)
    return count


def _in_trash(condition: Any) -> Any:
    return condition & Asset.deleted_at.is_null(False) & (Asset.status == AssetStatus.TRASHED)
