"""How answers that contain assets describe them; here, because plugins' answers do too."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.core.users.schemas import UserResponse
from immich_flask.infra.http.schemas import Date, DateTime, Enum, Schema, UUIDv4


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


class MapMarkerResponse(Schema):
    id = UUIDv4(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    city = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
