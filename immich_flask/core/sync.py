"""What plugins need to tell clients of changes (`register_sync_types`): the rows of assets, and deleted rows.

Queries of the sync stream walk along the index of time-ordered ids, from what the client knows on, and leave out what
is not for him. So say by `EXISTS` what else must hold for a row, as `owned_asset` does: with `IN` or a join a database
may start from the user's whole library instead, and sort it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from peewee import SQL, Case, fn

from immich_flask.contracts.plugin import SharedLibrary, SyncBackfill, SyncRows
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.db import is_sqlite
from immich_flask.infra.tracking import Tombstone

ASSET: Mapping[str, Any] = {
    "id": Asset.id,
    "ownerId": Asset.owner,
    "originalFileName": Asset.original_file_name,
    "thumbhash": Asset.thumbhash,
    "checksum": Asset.checksum,
    "fileCreatedAt": Asset.file_created_at,
    "fileModifiedAt": Asset.file_modified_at,
    "createdAt": Asset.created_at,
    "localDateTime": Asset.local_date_time,
    "type": Asset.type,
    "deletedAt": Asset.deleted_at,
    "isFavorite": Asset.is_favorite,
    "visibility": Asset.visibility,
    "duration": Asset.duration,
    "livePhotoVideoId": Asset.live_photo_video,
    "stackId": Asset.stack_id,
    "libraryId": Asset.library_id,
    "width": Asset.width,
    "height": Asset.height,
    "isEdited": Asset.is_edited,
}
"""`SyncAssetV2`. Who is not the owner gets `{**ASSET, "isFavorite": False}`."""

ASSET_EXIF: Mapping[str, Any] = {
    "assetId": AssetExif.asset,
    "description": AssetExif.description,
    "exifImageWidth": AssetExif.exif_image_width,
    "exifImageHeight": AssetExif.exif_image_height,
    "fileSizeInByte": AssetExif.file_size_in_byte,
    "orientation": AssetExif.orientation,
    "dateTimeOriginal": AssetExif.date_time_original,
    "modifyDate": AssetExif.modify_date,
    "timeZone": AssetExif.time_zone,
    "latitude": AssetExif.latitude,
    "longitude": AssetExif.longitude,
    "projectionType": AssetExif.projection_type,
    "city": AssetExif.city,
    "state": AssetExif.state,
    "country": AssetExif.country,
    "make": AssetExif.make,
    "model": AssetExif.model,
    "lensModel": AssetExif.lens_model,
    "fNumber": AssetExif.f_number,
    "focalLength": AssetExif.focal_length,
    "iso": AssetExif.iso,
    "exposureTime": AssetExif.exposure_time,
    "profileDescription": AssetExif.profile_description,
    # As in answers: an asset that was rejected (-1) has no stars.
    "rating": Case(None, ((AssetExif.rating > 0, AssetExif.rating),)),
    "fps": AssetExif.fps,
}
"""`SyncAssetExifV1`."""


def owned_asset(asset_id: Any, user_id: str) -> Any:
    """The condition that the asset with the id in column `asset_id` belongs to the user."""
    asset = Asset.alias()
    return fn.EXISTS(asset.select(SQL("1")).where(asset.id == asset_id, asset.owner == user_id))


def sees_library(library: SharedLibrary, owner: Any, user_id: str) -> Any:
    """The condition that the user is let see the library of the user with the id in column `owner`, whose account is
    there."""
    return fn.EXISTS(_seen(library, user_id, SQL("1")).where(library.owner == owner))


def library_backfill(library: SharedLibrary, type: str, within: Callable[[Any], Any]) -> SyncBackfill:
    """For who comes to see a library: its rows from before. `within(owner_id)` returns the condition for them."""
    return SyncBackfill(
        type, created=library.since, within=within,
        parents=lambda user_id: _seen(library, user_id, library.owner))


def _seen(library: SharedLibrary, user_id: str, *columns: Any) -> Any:
    """Query of what lets the user see others' libraries; none of those whose accounts were deleted."""
    return (library.owner.model.select(*columns).join(User, on=User.id == library.owner)
            .where(library.viewer == user_id, User.deleted_at.is_null()))


def deleted_rows(type: str, table: str, data: Mapping[str, str],
                 whose: Callable[[str], Any] = lambda user_id: Tombstone.owner_id == user_id) -> SyncRows:
    """Lines for the deleted rows of a tracked table.

    data: name on the wire → the column that the tombstones keep: `{"stackId": "id"}`.
    whose: `whose(user_id)` returns the condition for those that the user hears of; without it, his own. Conditions on
        what a tombstone keeps are made with `kept_id`.
    """
    return SyncRows(
        type, Tombstone.id,
        query=lambda user_id: Tombstone.select().where(Tombstone.table_name == table, whose(user_id)),
        fields=lambda user_id: {name: _kept(column) for name, column in data.items()})


def kept_id(column: str) -> Any:
    """An id that tombstones keep of the deleted row, to compare with other ids."""
    return _kept(column) if is_sqlite() else _kept(column).cast("UUID")


def _kept(column: str) -> Any:
    if is_sqlite():
        return fn.json_extract(Tombstone.row, f"$.{column}")
    return fn.jsonb_extract_path_text(Tombstone.row, column)
