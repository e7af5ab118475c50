"""Showing groups of duplicates, and dismissing them (server/src/services/duplicate.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.events import AssetsUpdated
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import select_assets, visible
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, many

SHOWN = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE)


def groups(auth: Auth) -> list[dict]:
    """`DuplicateResponse` for each group of two or more of the caller's, its assets by date. An asset that is left alone
    with its duplicate id loses it."""
    _free_lone(auth.user_id)
    rows = (visible(auth, Permission.ASSET_READ, *ASSET_COLUMNS).where(*shown(auth.user_id))
            .order_by(Asset.duplicate_id, Asset.local_date_time, Asset.id).tuples())
    answers = assets_response(auth, rows, exif=True, fields=("tags",))
    found = []
    for duplicate_id, members in groupby(answers, key=lambda asset: asset["duplicateId"]):
        assets = list(members)
        # The others may be locked.
        if len(assets) > 1:
            found.append({"duplicateId": duplicate_id, "assets": assets, "suggestedKeepAssetIds": [_best(assets)]})
    return found


def dismiss(auth: Auth, duplicate_ids: Iterable[str]) -> None:
    """Say that these are no duplicates; their assets stay. Raises NoAccess(duplicate.delete) unless all are the
    caller's."""
    ids = set(duplicate_ids)
    with atomic():
        quota.lock([auth.user_id])
        require_groups(auth, ids)
        free(auth.user_id, Asset.duplicate_id.in_(many(ids)))


def require_groups(auth: Auth, duplicate_ids: set[str]) -> None:
    """Raise NoAccess(duplicate.delete) unless the caller has assets with each of these ids, and not in the trash."""
    found = select_assets(fn.COUNT(Asset.duplicate_id.distinct())).where(
        Asset.owner == auth.user_id, Asset.duplicate_id.in_(many(duplicate_ids)), Asset.deleted_at.is_null())
    if found.scalar() != len(duplicate_ids):
        raise NoAccess(Permission.DUPLICATE_DELETE)


def shown(owner_id: str) -> list[Any]:
    """The conditions for assets of a user that stand in groups. What is in a stack was sorted out already."""
    return [*_may_be_duplicates(owner_id), Asset.visibility.in_(SHOWN)]


def free(owner_id: str, condition: Any) -> None:
    """Take the duplicate id off those assets of a user that satisfy `condition`. In a transaction."""
    where = (Asset.owner == owner_id) & Asset.duplicate_id.is_null(False) & condition
    ids = tuple(asset_id for asset_id, in select_assets(Asset.id).where(where).tuples())
    if ids:
        Asset.update(duplicate_id=None).where(Asset.id.in_(many(ids))).execute()
        emit(AssetsUpdated(ids, owner_id, frozenset({"duplicate_id"})))


def _may_be_duplicates(owner_id: str) -> list[Any]:
    return [Asset.owner == owner_id, Asset.duplicate_id.is_null(False), Asset.deleted_at.is_null(),
            Asset.stack_id.is_null()]


def _free_lone(owner_id: str) -> None:
    lone = (select_assets(Asset.duplicate_id).where(*_may_be_duplicates(owner_id))
            .group_by(Asset.duplicate_id).having(fn.COUNT(Asset.id) == 1))
    # To look first spares those who only look the lock.
    if lone.exists():
        with atomic():
            quota.lock([owner_id])
            free(owner_id, Asset.duplicate_id.in_(many([duplicate_id for duplicate_id, in lone.tuples()])))


def _best(assets: list[dict]) -> str:
    """The one to keep: the largest file, of those the one that says most about itself, of those the last
    (server/src/utils/duplicate.ts)."""

    def worth(asset: dict) -> tuple[int, int]:
        exif = asset.get("exifInfo", {})
        return exif.get("fileSizeInByte") or 0, sum(map(bool, exif.values()))

    return max(reversed(assets), key=worth)["id"]
