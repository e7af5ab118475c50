"""What `/api/api-keys` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.schemas import DateTime, Enum, List, Schema, StrictStr, UUIDv4


class ApiKeyCreate(Schema):
    name = StrictStr()
    permissions = List(Enum(Permission), required=True, min_length=1)


class ApiKeyUpdate(Schema):
    name = StrictStr()
    permissions = List(Enum(Permission), min_length=1)


class ApiKeyResponse(Schema):
    id = UUIDv4(required=True)
    name = fields.String(required=True)
    createdAt = DateTime(required=True)
    updatedAt = DateTime(required=True)
    permissions = List(Enum(Permission), required=True)


class ApiKeyCreateResponse(Schema):
    secret = fields.String(required=True)
    apiKey = fields.Nested(ApiKeyResponse, required=True)
