"""What `/api/sessions` takes and gives; bodies load as columns of `Session`."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import Schema, StrictBool, StrictInteger, StrictStr, UUIDv4


class SessionCreate(Schema):
    duration = StrictInteger(min=1)
    deviceType = StrictStr(attribute="device_type")
    deviceOS = StrictStr(attribute="device_os")


class SessionUpdate(Schema):
    isPendingSyncReset = StrictBool(attribute="is_pending_sync_reset")


class SessionResponse(Schema):
    id = UUIDv4(required=True)
    createdAt = fields.String(required=True)
    updatedAt = fields.String(required=True)
    expiresAt = fields.String()
    current = fields.Boolean(required=True)
    appVersion = fields.String(required=True, allow_none=True)
    deviceOS = fields.String(required=True)
    deviceType = fields.String(required=True)
    isPendingSyncReset = fields.Boolean(required=True)


class SessionCreateResponse(SessionResponse):
    token = fields.String(required=True)
