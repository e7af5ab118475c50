"""What `/api/tags` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import Color, List, Schema, StrictStr, UUIDv4


class TagCreate(Schema):
    name = StrictStr(required=True)
    parentId = UUIDv4(allow_none=True)
    color = Color(allow_none=True)


class TagUpdate(Schema):
    color = Color(allow_none=True)


class TagUpsert(Schema):
    tags = List(StrictStr(), required=True)


class TagBulkAssets(Schema):
    tagIds = List(UUIDv4(), required=True)
    assetIds = List(UUIDv4(), required=True)


class TagBulkAssetsResponse(Schema):
    count = fields.Integer(required=True)
