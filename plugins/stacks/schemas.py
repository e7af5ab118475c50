"""What `/api/stacks` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import List, Schema, UUIDv4


class StackSearch(Schema):
    primaryAssetId = UUIDv4()


class StackCreate(Schema):
    assetIds = List(UUIDv4(), min_length=2, required=True)


class StackUpdate(Schema):
    primaryAssetId = UUIDv4()


class StackResponse(Schema):
    id = UUIDv4(required=True)
    primaryAssetId = UUIDv4(required=True)
    assets = fields.List(fields.Nested(AssetResponse), required=True)
