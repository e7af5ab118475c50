"""What records of assets look like on the wire, and what may be asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from immich_flask.api.users.schemas import UserResponse
from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.core.assets import dates
from immich_flask.infra.http.schemas import (
    Date, DateTime, Enum, Issue, List, QueryBool, Schema, StrictBool, StrictInteger, StrictNumber, StrictStr, UUIDv4,
)


class EditedDate(StrictStr):
    """ISO 8601, a day or an instant, with or without a zone; a `datetime` that is aware if it has one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(Issue("Invalid input: expected an ISO 8601 date")) from error


class TimeZone(StrictStr):
    """The name of a zone, as `core.assets.dates.zone` knows them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            dates.zone(text)
        except ValueError as error:
            raise ValidationError(Issue("Invalid input: expected a time zone")) from error
        return text


def _stars(value: int | None) -> None:
    if value == 0:
        raise ValidationError(Issue(
            "Rating must be -1 (rejected), 1–5 (starred), or null (unrated); 0 is not valid"))


class _AssetUpdate(Schema):
    isFavorite = StrictBool(attribute="is_favorite")
    visibility = Enum(AssetVisibility)
    dateTimeOriginal = EditedDate(attribute="date_time_original")
    latitude = StrictNumber(min=-90, max=90)
    longitude = StrictNumber(min=-180, max=180)
    rating = StrictInteger(min=-1, max=5, allow_none=True, validate=_stars)
    description = StrictStr()

    @validates_schema
    def place_is_whole(self, data: dict, **kwargs: Any) -> None:
        if ("latitude" in data) != ("longitude" in data):
            raise ValidationError(Issue("Latitude and longitude must be provided together"))


class UpdateAsset(_AssetUpdate):
    livePhotoVideoId = UUIDv4(allow_none=True, attribute="live_photo_video_id")


class AssetBulkUpdate(_AssetUpdate):
    ids = List(UUIDv4(), required=True)
    duplicateId = UUIDv4(allow_none=True, attribute="duplicate_id")
    dateTimeRelative = StrictInteger(attribute="date_time_relative")
    timeZone = TimeZone(attribute="time_zone")

    @validates_schema
    def one_way_to_date(self, data: dict, **kwargs: Any) -> None:
        if "date_time_relative" in data and "date_time_original" in data:
            raise ValidationError(Issue("dateTimeRelative cannot be used with dateTimeOriginal"))


class AssetBulkDelete(Schema):
    ids = List(UUIDv4(), required=True)
    force = StrictBool(load_default=False)


class AssetCopy(Schema):
    sourceId = UUIDv4(required=True, attribute="source_id")
    targetId = UUIDv4(required=True, attribute="target_id")
    sharedLinks = StrictBool(load_default=True, attribute="shared_links")
    albums = StrictBool(load_default=True)
    sidecar = StrictBool(load_default=True)
    stack = StrictBool(load_default=True)
    favorite = StrictBool(load_default=True)


class AssetStats(Schema):
    visibility = Enum(AssetVisibility)
    isFavorite = QueryBool(attribute="is_favorite")
    isTrashed = QueryBool(attribute="is_trashed")


class AssetStatsResponse(Schema):
    images = fields.Integer(required=True)
    videos = fields.Integer(required=True)
    total = fields.Integer(required=True)


class ExifResponse(Schema):
    make = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    exifImageWidth = fields.Integer(allow_none=True)
    exifImageHeight = fields.Integer(allow_none=True)
    fileSizeInByte = fields.Integer(allow_none=True)
    orientation = fields.String(allow_none=True)
    dateTimeOriginal = DateTime(allow_none=True)
    modifyDate = DateTime(allow_none=True)
    timeZone = fields.String(allow_none=True)
    lensModel = fields.String(allow_none=True)
    fNumber = fields.Float(allow_none=True)
    focalLength = fields.Float(allow_none=True)
    iso = fields.Integer(allow_none=True)
    exposureTime = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    city = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    projectionType = fields.String(allow_none=True)
    rating = fields.Integer(allow_none=True)


class TagResponse(Schema):
    id = UUIDv4(required=True)
    parentId = fields.String()
    name = fields.String(required=True)
    value = fields.String(required=True)
    createdAt = DateTime(required=True)
    updatedAt = DateTime(required=True)
    color = fields.String()


class PersonResponse(Schema):
    id = UUIDv4(required=True)
    name = fields.String(required=True)
    birthDate = Date(required=True, allow_none=True)
    thumbnailPath = fields.String(required=True)
    isHidden = fields.Boolean(required=True)
    updatedAt = DateTime()
    isFavorite = fields.Boolean()
    color = fields.String()


class AssetStackResponse(Schema):
    id = UUIDv4(required=True)
    primaryAssetId = UUIDv4(required=True)
    assetCount = fields.Integer(required=True)


class AssetResponse(Schema):
    """Made by `core.assets.response`. Through a link that hides metadata much of it is missing."""

    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    ownerId = UUIDv4(required=True)
    owner = fields.Nested(UserResponse)
    libraryId = UUIDv4(allow_none=True)
    type = Enum(AssetType, required=True)
    originalPath = fields.String(required=True)
    originalFileName = fields.String(required=True)
    originalMimeType = fields.String()
    thumbhash = fields.String(required=True, allow_none=True)
    fileCreatedAt = DateTime(required=True)
    fileModifiedAt = DateTime(required=True)
    localDateTime = DateTime(required=True)
    updatedAt = DateTime(required=True)
    isFavorite = fields.Boolean(required=True)
    isArchived = fields.Boolean(required=True)
    isTrashed = fields.Boolean(required=True)
    visibility = Enum(AssetVisibility, required=True)
    duration = fields.Integer(required=True, allow_none=True)
    exifInfo = fields.Nested(ExifResponse)
    livePhotoVideoId = fields.String(allow_none=True)
    tags = fields.List(fields.Nested(TagResponse))
    people = fields.List(fields.Nested(PersonResponse))
    checksum = fields.String(required=True)
    stack = fields.Nested(AssetStackResponse, allow_none=True)
    isOffline = fields.Boolean(required=True)
    hasMetadata = fields.Boolean(required=True)
    duplicateId = UUIDv4(allow_none=True)
    resized = fields.Boolean()
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    isEdited = fields.Boolean(required=True)
