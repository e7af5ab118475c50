"""The job `AssetExtractMetadata`: what file and sidecar say goes into the rows, except what a user said instead.

Running it again does no harm, so it is also how metadata is refreshed.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from peewee import SQL

from immich_flask.contracts.enums import AssetFileType, AssetVisibility
from immich_flask.contracts.events import AssetMetadataExtracted
from immich_flask.core.assets import quota
from immich_flask.core.assets.paths import refresh_paths
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif, AssetFile, AssetJobStatus
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import iso, now
from immich_flask.infra.sql import Lookup, find, update_row
from plugins.media import motion_parts
from plugins.media.metadata import Metadata, read_metadata
from plugins.media.motion_parts import CutOut
from plugins.media.queueing import has_pictures

FROM_FILE = (
    "make", "model", "lens_model", "f_number", "focal_length", "iso", "exposure_time", "exif_image_width",
    "exif_image_height", "orientation", "time_zone", "latitude", "longitude", "description", "projection_type",
    "profile_description", "rating", "fps",
)
"""Columns of `asset_exif` that have the name of a field of `Metadata`."""


def extract(asset_id: str) -> None:
    """Read the asset's file and write what it says. Nothing, when the asset is gone by now."""
    asset = find(Asset, asset_id)
    if asset is None:
        return
    metadata, film = _read(asset)
    with atomic():
        quota.lock([asset.owner_id])
        asset = find(Asset, asset_id)
        if asset is None:
            if film is not None:
                motion_parts.withdraw(film)
            return
        exif = find(AssetExif, asset_id)
        update_row(Asset, asset_id, _asset_columns(asset, exif, metadata))
        update_row(AssetExif, asset_id, _exif_columns(asset, exif, metadata))
        refresh_paths([asset_id])
        _EXTRACTED.rows(asset_id, iso(now()))
        if film is not None:
            motion_parts.attach(asset, film)
        else:
            motion_parts.pair(asset, metadata.content_identifier)
        emit(AssetMetadataExtracted(asset_id, asset.owner_id, metadata.regions))


_EXTRACTED = Lookup(lambda asset_id, moment: (
    AssetJobStatus.insert(asset=asset_id, metadata_extracted_at=moment)
    .on_conflict(conflict_target=[AssetJobStatus.asset], preserve=[AssetJobStatus.metadata_extracted_at])
    .returning(AssetJobStatus.asset)))

_SIDECAR = Lookup(lambda asset_id: AssetFile.select(AssetFile.storage_key).where(
    AssetFile.asset == asset_id, AssetFile.type == SQL(f"'{AssetFileType.SIDECAR}'")))


def _read(asset: Asset) -> tuple[Metadata, CutOut | None]:
    sidecar = _SIDECAR.first(asset.id)
    with ExitStack() as files:
        # Its pictures will be made of the same bytes next.
        again = (runtime.storage.local_path(asset.storage_key) is None and asset.visibility != AssetVisibility.HIDDEN
                 and not has_pictures(asset.id))
        path = files.enter_context(runtime.storage.as_file(asset.storage_key, again=again))
        beside = files.enter_context(runtime.storage.as_file(sidecar[0])) if sidecar else None
        metadata = read_metadata(path, filename=asset.original_file_name, sidecar=beside)
        film = metadata.motion_video
        return metadata, film and motion_parts.cut_out(asset, path, film, metadata.date_time_original)


def _asset_columns(asset: Asset, exif: AssetExif, metadata: Metadata) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if metadata.duration_ms is not None or asset.duration is None:
        columns["duration"] = metadata.duration_ms
    if not asset.is_edited:
        columns |= {"width": metadata.width, "height": metadata.height}
    if "date_time_original" not in exif.locked:
        if metadata.date_time_original is not None:
            columns |= {"file_created_at": metadata.date_time_original, "local_date_time": metadata.local_date_time}
        else:
            moment = _date_of_file(asset)
            columns |= {"file_created_at": moment, "local_date_time": moment}
    return columns or {"duration": asset.duration}


def _exif_columns(asset: Asset, exif: AssetExif, metadata: Metadata) -> dict[str, Any]:
    columns = {name: getattr(metadata, name) for name in FROM_FILE}
    columns |= {
        "date_time_original": metadata.date_time_original or _date_of_file(asset),
        "modify_date": asset.file_modified_at,
        "live_photo_cid": metadata.content_identifier,
        "tags": list(metadata.tags) or None,
    }
    if (metadata.latitude, metadata.longitude) != (exif.latitude, exif.longitude):
        columns |= {"city": None, "state": None, "country": None}
    locked = set(exif.locked)
    if locked & {"latitude", "longitude"}:
        locked |= {"latitude", "longitude", "city", "state", "country"}
    return {name: value for name, value in columns.items() if name not in locked}


def _date_of_file(asset: Asset) -> datetime:
    """Without a date in the file: the earliest of what the client said and when the file came here."""
    return min(asset.file_created_at, _as_file_time(asset.file_modified_at), asset.created_at)


def _as_file_time(moment: datetime) -> datetime:
    # The original server sets the time of the stored file and reads it back, through a floating-point number of
    # seconds, which takes a millisecond off some. Clients compare dates between servers, so keep to that.
    return datetime.fromtimestamp(math.floor(moment.timestamp() * 1000) / 1000, UTC)
