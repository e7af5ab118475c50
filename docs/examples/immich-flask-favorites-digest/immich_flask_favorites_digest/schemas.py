"""What `/api/favorites-digests` gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import DateTime, Schema, UUIDv4


class DigestResponse(Schema):
    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    assetCount = fields.Integer(required=True)


class DigestWithAssetsResponse(DigestResponse):
    assets = fields.List(fields.Nested(AssetResponse), required=True)
