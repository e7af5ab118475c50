"""What a phone must have in the end: read through models, the slow way that the stream does not take."""

from __future__ import annotations

from typing import Any

from immich_flask.core.models import Asset, AssetExif, AssetMetadata, User, UserMetadata
from immich_flask.infra.fields import iso
from tests.plugins.sync.replay import Phone


def assert_same(phone: Phone) -> None:
    """The phone's copy is what its user may see; within `server.context()`."""
    for table, rows in core_rows(phone.caller.id).items():
        have = phone.rows(table)
        assert have.keys() == rows.keys(), table
        for key, row in rows.items():
            assert have[key] == row, (table, key)


def core_rows(user_id: str) -> dict[str, dict[tuple, dict]]:
    """By table of the phone, key and field."""
    assets = list(Asset.select().where(Asset.owner == user_id))
    exifs = list(AssetExif.select().join(Asset).where(Asset.owner == user_id))
    kept = list(AssetMetadata.select().join(Asset).where(Asset.owner == user_id))
    stored = list(UserMetadata.select().where(UserMetadata.user == user_id))
    return {
        "auth_user": {(user_id,): _auth_user(User.get_by_id(user_id))},
        "user": {(user.id,): _user(user) for user in User.select()},
        "user_metadata": {(row.user_id, row.key): {"userId": row.user_id, "key": row.key, "value": row.value}
                          for row in stored},
        "asset": {(asset.id,): _asset(asset) for asset in assets},
        "exif": {(exif.asset_id,): _exif(exif) for exif in exifs},
        "asset_metadata": {(row.asset_id, row.key): {"assetId": row.asset_id, "key": row.key, "value": row.value}
                           for row in kept},
    }


def _instant(value: Any) -> str | None:
    return None if value is None else iso(value)


def _user(user: User) -> dict:
    return {"id": user.id, "name": user.name, "email": user.email, "avatarColor": user.avatar_color,
            "deletedAt": _instant(user.deleted_at), "profileChangedAt": iso(user.profile_changed_at),
            "hasProfileImage": bool(user.profile_image_key)}


def _auth_user(user: User) -> dict:
    return {**_user(user), "isAdmin": user.is_admin, "pinCode": "set" if user.pin_code else None,
            "oauthId": user.oauth_id, "storageLabel": user.storage_label,
            "quotaSizeInBytes": user.quota_size_in_bytes, "quotaUsageInBytes": user.quota_usage_in_bytes}


def _asset(asset: Asset) -> dict:
    return {"id": asset.id, "ownerId": asset.owner_id, "originalFileName": asset.original_file_name,
            "thumbhash": asset.thumbhash, "checksum": asset.checksum, "fileCreatedAt": iso(asset.file_created_at),
            "fileModifiedAt": iso(asset.file_modified_at), "createdAt": iso(asset.created_at),
            "localDateTime": iso(asset.local_date_time), "type": asset.type, "deletedAt": _instant(asset.deleted_at),
            "isFavorite": asset.is_favorite, "visibility": asset.visibility, "duration": asset.duration,
            "livePhotoVideoId": asset.live_photo_video_id, "stackId": None, "libraryId": asset.library_id,
            "width": asset.width, "height": asset.height, "isEdited": asset.is_edited}


def _exif(exif: AssetExif) -> dict:
    return {"assetId": exif.asset_id, "description": exif.description, "exifImageWidth": exif.exif_image_width,
            "exifImageHeight": exif.exif_image_height, "fileSizeInByte": exif.file_size_in_byte,
            "orientation": exif.orientation, "dateTimeOriginal": _instant(exif.date_time_original),
            "modifyDate": _instant(exif.modify_date), "timeZone": exif.time_zone, "latitude": exif.latitude,
            "longitude": exif.longitude, "projectionType": exif.projection_type, "city": exif.city,
            "state": exif.state, "country": exif.country, "make": exif.make, "model": exif.model,
            "lensModel": exif.lens_model, "fNumber": exif.f_number, "focalLength": exif.focal_length, "iso": exif.iso,
            "exposureTime": exif.exposure_time, "profileDescription": exif.profile_description,
            "rating": exif.rating if exif.rating and exif.rating > 0 else None, "fps": exif.fps}
