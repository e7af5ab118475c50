"""Assets as the wire shows them (`AssetResponseDto`), built from plain rows; the one home for that.

    rows = visible(auth, "asset.read", *ASSET_COLUMNS).where(...).tuples()
    return assets_response(auth, rows, exif=True)

Whatever the length of a page, it costs its own query, one more for EXIF, and those of the plugins whose fields were
asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.media_types import mime_type
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import many
from immich_flask.infra.fields import wire
from immich_flask.infra.sql import Lookup

ASSET_COLUMNS = (
    Asset.id, wire(Asset.created_at), Asset.owner, Asset.library_id, Asset.type, Asset.original_path,
    Asset.original_file_name, Asset.thumbhash, wire(Asset.file_created_at), wire(Asset.file_modified_at),
    wire(Asset.local_date_time), wire(Asset.updated_at), Asset.is_favorite, Asset.visibility, wire(Asset.deleted_at),
    Asset.duration, Asset.live_photo_video, Asset.checksum, Asset.is_offline, Asset.duplicate_id, Asset.width,
    Asset.height, Asset.is_edited,
)
"""What `assets_response` needs of a row; select them with `.tuples()`, or read them with `infra.sql.raw_rows`."""

EXIF_COLUMNS = (
    AssetExif.asset, AssetExif.make, AssetExif.model, AssetExif.exif_image_width, AssetExif.exif_image_height,
    AssetExif.file_size_in_byte, AssetExif.orientation, wire(AssetExif.date_time_original),
    wire(AssetExif.modify_date), AssetExif.time_zone, AssetExif.lens_model, AssetExif.f_number, AssetExif.focal_length,
    AssetExif.iso, AssetExif.exposure_time, AssetExif.latitude, AssetExif.longitude, AssetExif.city, AssetExif.state,
    AssetExif.country, AssetExif.description, AssetExif.projection_type, AssetExif.rating,
)

PLUGIN_FIELDS = {"tags": list, "people": list, "stack": lambda: None}
"""Fields that plugins fill (hook `response_fields`), and what stands for them where the plugin is off."""


def assets_response(auth: Auth, rows: Iterable[tuple], *, exif: bool = False,
                    fields: Collection[str] = ()) -> list[dict]:
    """The answers for rows of `ASSET_COLUMNS`, in their order.

    exif: with `exifInfo`. fields: which of `tags`, `people`, `stack` to fill; `people` is an empty list when it isn't
    among them, the other two are left out. A link that hides metadata gets the short form, whatever was asked for.
    """
    rows = list(rows)
    if auth.shared_link is not None and not auth.shared_link.show_metadata:
        return [_reduced(row) for row in rows]
    me = auth.user_id
    answers = [_asset(row, me) for row in rows]
    ids = [row[0] for row in rows]
    if exif:
        infos = exif_infos(ids)
        for answer in answers:
            if info := infos.get(answer["id"]):
                answer["exifInfo"] = info
    if fields:
        _fill(auth, answers, ids, fields)
    return answers


def exif_infos(ids: Iterable[str]) -> dict[str, dict]:
    """`ExifResponseDto` by asset id; one query."""
    ids = list(ids)
    if len(ids) == 1:
        row = _exif_of_one.first(ids[0])
        return {} if row is None else {row[0]: _exif(row)}
    return {row[0]: _exif(row) for row in _exifs.rows(ids)}


_exifs = Lookup(lambda ids: AssetExif.select(*EXIF_COLUMNS).where(AssetExif.asset.in_(many(ids))))
_exif_of_one = Lookup(lambda asset_id: AssetExif.select(*EXIF_COLUMNS).where(AssetExif.asset == asset_id))


def _asset(row: tuple, me: str) -> dict:
    (asset_id, created_at, owner_id, library_id, kind, original_path, original_file_name, thumbhash, file_created_at,
     file_modified_at, local_date_time, updated_at, is_favorite, visibility, deleted_at, duration, live_photo_video_id,
     checksum, is_offline, duplicate_id, width, height, is_edited) = row
    return {
        "id": asset_id,
        "createdAt": created_at,
        "ownerId": owner_id,
        "libraryId": library_id,
        "type": kind,
        "originalPath": original_path,
        "originalFileName": original_file_name,
        "originalMimeType": mime_type(original_file_name),
        "thumbhash": thumbhash,
        "fileCreatedAt": file_created_at,
        "fileModifiedAt": file_modified_at,
        "localDateTime": local_date_time,
        "updatedAt": updated_at,
        "isFavorite": bool(is_favorite) and owner_id == me,
        "isArchived": visibility == AssetVisibility.ARCHIVE,
        "isTrashed": deleted_at is not None,
        "visibility": visibility,
        "duration": duration,
        "livePhotoVideoId": live_photo_video_id,
        "people": [],
        "checksum": checksum,
        "isOffline": bool(is_offline),
        "hasMetadata": True,
        "duplicateId": duplicate_id,
        "resized": True,
        "width": width,
        "height": height,
        "isEdited": bool(is_edited),
    }


def _reduced(row: tuple) -> dict:
    """All that a link tells which hides metadata (server/src/dtos/asset-response.dto.ts)."""
    return {
        "id": row[0],
        "type": row[4],
        "originalMimeType": mime_type(row[6]),
        "thumbhash": row[7],
        "localDateTime": row[10],
        "duration": row[15],
        "livePhotoVideoId": row[16],
        "hasMetadata": False,
        "width": row[20],
        "height": row[21],
    }


def _exif(row: tuple) -> dict:
    (_, make, model, width, height, size, orientation, date_time_original, modify_date, time_zone, lens_model, f_number,
     focal_length, iso, exposure_time, latitude, longitude, city, state, country, description, projection_type,
     rating) = row
    return {
        "make": make,
        "model": model,
        "exifImageWidth": width,
        "exifImageHeight": height,
        "fileSizeInByte": size,
        "orientation": orientation,
        "dateTimeOriginal": exif_instant(date_time_original),
        "modifyDate": exif_instant(modify_date),
        "timeZone": time_zone,
        "lensModel": lens_model,
        "fNumber": f_number,
        "focalLength": focal_length,
        "iso": iso,
        "exposureTime": exposure_time,
        "latitude": latitude,
        "longitude": longitude,
        "city": city,
        "state": state,
        "country": country,
        "description": description,
        "projectionType": projection_type,
        # -1, "rejected", can be set and searched for, but the wire's answer has 1 to 5 only.
        "rating": rating if rating and rating > 0 else None,
    }


def exif_instant(text: str | None) -> str | None:
    """An instant as it stands in `exifInfo`: `2022-06-07T17:39:10.25+00:00`, no fraction where there is none."""
    if text is None:
        return None
    fraction = text[19:23].rstrip(".0")
    return f"{text[:19]}{fraction}+00:00"


def _fill(auth: Auth, answers: list[dict], ids: list[str], fields: Collection[str]) -> None:
    found = {field.name: field for some in runtime.plugins.hook.response_fields(kind="asset", ids=ids, auth=auth)
             for field in some} if ids else {}
    for name in fields:
        field = found.get(name)
        for answer in answers:
            if field is None:
                answer[name] = PLUGIN_FIELDS[name]()
            else:
                answer[name] = field.values.get(answer["id"], field.missing)


def asset_response(auth: Auth, row: tuple, **options: Any) -> dict:
    """One answer; see `assets_response`."""
    return assets_response(auth, [row], **options)[0]
