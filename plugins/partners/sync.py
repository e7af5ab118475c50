"""What the mobile app hears of partners and of their assets.

A partner's app gets what the partner may see, and no more: upstream also sends what is archived, in the trash or
locked, and keeps what belongs to a deleted account. What goes out of sight is deleted there. What comes back is sent again
with its EXIF, which the app has dropped along with it; a trigger touches both for that, and the moving part of a live photo
with its still.
"""

from __future__ import annotations

from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.plugin import SharedLibrary, SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.core.sync import ASSET, ASSET_EXIF, deleted_rows, kept_id, library_backfill, sees_library
from immich_flask.infra.tracking import Tombstone
from plugins.partners.access import shown
from plugins.partners.models import Partner

LIBRARY = SharedLibrary(owner=Partner.shared_by, viewer=Partner.shared_with, since=Partner.create_id)

PARTNER: dict[str, Any] = {
    "sharedById": Partner.shared_by,
    "sharedWithId": Partner.shared_with,
    "inTimeline": Partner.in_timeline,
}


def sync_types() -> list[SyncType]:
    return [
        SyncType(
            Request.PARTNERS_V1,
            deletes=(
                deleted_rows(
                    Line.PARTNER_DELETE_V1, "partner", {"sharedById": "shared_by_id", "sharedWithId": "shared_with_id"},
                    whose=lambda user_id: ((kept_id("shared_by_id") == user_id)
                                           | (kept_id("shared_with_id") == user_id))),
                # The app lets go of the assets with the partner. A trigger touches the rows when accounts go and return.
                SyncRows(Line.PARTNER_DELETE_V1, Partner.update_id,
                         lambda user_id: _partnerships(user_id).where(_sharer_is_gone()),
                         {"sharedById": Partner.shared_by, "sharedWithId": Partner.shared_with})),
            upserts=SyncRows(Line.PARTNER_V1, Partner.update_id,
                             lambda user_id: _partnerships(user_id).where(~_sharer_is_gone()), PARTNER)),
        SyncType(
            Request.PARTNER_ASSETS_V2,
            deletes=(
                deleted_rows(Line.PARTNER_ASSET_DELETE_V1, "asset", {"assetId": "id"},
                             whose=lambda user_id: sees_library(LIBRARY, Tombstone.owner_id, user_id)),
                SyncRows(Line.PARTNER_ASSET_DELETE_V1, Asset.update_id,
                         lambda user_id: select_assets().where(sees_library(LIBRARY, Asset.owner, user_id),
                                                               ~shown(Asset)),
                         {"assetId": Asset.id})),
            backfill=library_backfill(LIBRARY, Line.PARTNER_ASSET_BACKFILL_V2,
                                      lambda owner_id: Asset.owner == owner_id),
            upserts=SyncRows(Line.PARTNER_ASSET_V2, Asset.update_id,
                             lambda user_id: select_assets().where(sees_library(LIBRARY, Asset.owner, user_id),
                                                                   shown(Asset)),
                             {**ASSET, "isFavorite": False})),
        SyncType(
            Request.PARTNER_ASSET_EXIFS_V1,
            backfill=library_backfill(LIBRARY, Line.PARTNER_ASSET_EXIF_BACKFILL_V1,
                                      lambda owner_id: _of_asset(lambda asset: asset.owner == owner_id)),
            upserts=SyncRows(Line.PARTNER_ASSET_EXIF_V1, AssetExif.update_id,
                             lambda user_id: AssetExif.select().where(_of_asset(
                                 lambda asset: sees_library(LIBRARY, asset.owner, user_id) & shown(asset))),
                             ASSET_EXIF)),
    ]


def _partnerships(user_id: str) -> Any:
    return Partner.select().where((Partner.shared_by == user_id) | (Partner.shared_with == user_id))


def _sharer_is_gone() -> Any:
    return fn.EXISTS(User.select(SQL("1")).where(User.id == Partner.shared_by, User.deleted_at.is_null(False)))


def _of_asset(condition: Any) -> Any:
    asset = Asset.alias()
    return fn.EXISTS(asset.select(SQL("1")).where(asset.id == AssetExif.asset, condition(asset)))
