"""What `/api/shared-links` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import AssetIdErrorReason, SharedLinkType
from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import DateTime, Enum, List, Schema, StrictBool, StrictStr, UUIDv4
from plugins.albums.api import AlbumResponse

MAX_SLUG = 255
"""Characters. Upstream has no limit, but no address that people type is longer, and what is unique is indexed."""


class SharedLinkSearch(Schema):
    albumId = UUIDv4(attribute="album_id")
    id = UUIDv4()


class _Terms(Schema):
    """What the owner of a link says about it."""

    description = StrictStr(allow_none=True)
    password = StrictStr(allow_none=True)
    slug = StrictStr(allow_none=True, max_length=MAX_SLUG)
    expiresAt = DateTime(allow_none=True, attribute="expires_at")
    allowUpload = StrictBool(attribute="allow_upload")
    allowDownload = StrictBool(attribute="allow_download")
    showMetadata = StrictBool(attribute="show_metadata")


class SharedLinkCreate(_Terms):
    type = Enum(SharedLinkType, required=True)
    assetIds = List(UUIDv4(), load_default=list, attribute="asset_ids")
    albumId = UUIDv4(attribute="album_id")

    class Meta(_Terms.Meta):
        fields = ("type", "assetIds", "albumId", *_Terms._declared_fields)


class SharedLinkEdit(_Terms):
    pass


class SharedLinkLogin(Schema):
    password = StrictStr(required=True)


class SharedLinkResponse(Schema):
    id = UUIDv4(required=True)
    description = fields.String(required=True, allow_none=True)
    password = fields.String(required=True, allow_none=True)
    userId = UUIDv4(required=True)
    key = fields.String(required=True)
    type = Enum(SharedLinkType, required=True)
    createdAt = DateTime(required=True)
    expiresAt = DateTime(required=True, allow_none=True)
    assets = fields.List(fields.Nested(AssetResponse), required=True)
    album = fields.Nested(AlbumResponse)
    allowUpload = fields.Boolean(required=True)
    allowDownload = fields.Boolean(required=True)
    showMetadata = fields.Boolean(required=True)
    slug = fields.String(required=True, allow_none=True)


class AssetIds(Schema):
    assetIds = List(UUIDv4(), required=True)


class AssetIdsResponse(Schema):
    assetId = UUIDv4(required=True)
    success = fields.Boolean(required=True)
    error = Enum(AssetIdErrorReason)
