"""What `/api/albums` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import AlbumUserRole, AssetOrder, BulkIdErrorReason
from immich_flask.core.users.schemas import UserResponse
from immich_flask.infra.http.schemas import (
    DateTime, Enum, List, Nested, QueryBool, Schema, StrictBool, StrictStr, UUIDv4,
)
from immich_flask.infra.http.values import UUID_V4


class GetAlbums(Schema):
    id = UUIDv4()
    name = StrictStr()
    isOwned = QueryBool()
    isShared = QueryBool()
    assetId = UUIDv4()


class AlbumUserCreate(Schema):
    userId = UUIDv4(required=True)
    role = Enum(AlbumUserRole, required=True)


class CreateAlbum(Schema):
    albumName = StrictStr(required=True)
    description = StrictStr(load_default="")
    albumUsers = List(Nested(AlbumUserCreate), load_default=list)
    assetIds = List(UUIDv4(), load_default=list)


class UpdateAlbum(Schema):
    albumName = StrictStr(attribute="name")
    description = StrictStr()
    albumThumbnailAssetId = UUIDv4(attribute="thumbnail_asset")
    isActivityEnabled = StrictBool(attribute="is_activity_enabled")
    order = Enum(AssetOrder)


class AlbumUserAdd(Schema):
    userId = UUIDv4(required=True)
    role = Enum(AlbumUserRole, load_default=AlbumUserRole.EDITOR)


class AddUsers(Schema):
    albumUsers = List(Nested(AlbumUserAdd), required=True, min_length=1)


class UpdateAlbumUser(Schema):
    role = Enum(AlbumUserRole, required=True)


class AlbumsAddAssets(Schema):
    albumIds = List(UUIDv4(), required=True)
    assetIds = List(UUIDv4(), required=True)


class AlbumsAddAssetsResponse(Schema):
    success = fields.Boolean(required=True)
    error = Enum(BulkIdErrorReason)


class AlbumStatisticsResponse(Schema):
    owned = fields.Integer(required=True)
    shared = fields.Integer(required=True)
    notShared = fields.Integer(required=True)


class AlbumUserResponse(Schema):
    user = Nested(UserResponse, required=True)
    role = Enum(AlbumUserRole, required=True)


class ContributorCountResponse(Schema):
    userId = UUIDv4(required=True)
    assetCount = fields.Integer(required=True)


class AlbumResponse(Schema):
    id = UUIDv4(required=True)
    albumName = fields.String(required=True)
    description = fields.String(required=True)
    albumThumbnailAssetId = UUIDv4(required=True, allow_none=True)
    createdAt = DateTime(required=True)
    updatedAt = DateTime(required=True)
    albumUsers = List(Nested(AlbumUserResponse), required=True, min_length=1)
    shared = fields.Boolean(required=True)
    hasSharedLink = fields.Boolean(required=True)
    startDate = DateTime()
    endDate = DateTime()
    assetCount = fields.Integer(required=True)
    lastModifiedAssetTimestamp = DateTime()
    isActivityEnabled = fields.Boolean(required=True)
    order = Enum(AssetOrder)
    contributorCounts = List(Nested(ContributorCountResponse))


class MemberId(StrictStr):
    """The id of a member in a path; `me` is the caller."""

    def __init__(self) -> None:
        super().__init__(required=True, pattern=f"me|{UUID_V4.pattern}")
