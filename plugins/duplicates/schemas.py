"""What `/api/duplicates` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import List, Nested, Schema, UUIDv4


class DuplicateResolveGroup(Schema):
    duplicateId = UUIDv4(required=True)
    keepAssetIds = List(UUIDv4(), required=True)
    trashAssetIds = List(UUIDv4(), required=True)


class DuplicateResolve(Schema):
    groups = List(Nested(DuplicateResolveGroup), required=True, min_length=1)


class DuplicateResponse(Schema):
    duplicateId = UUIDv4(required=True)
    assets = fields.List(fields.Nested(AssetResponse), required=True)
    suggestedKeepAssetIds = fields.List(UUIDv4(), required=True)
