"""What `/api/system-metadata` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import Schema, StrictBool


class ReverseGeocodingStateResponse(Schema):
    lastUpdate = fields.String(required=True, allow_none=True)
    lastImportFileName = fields.String(required=True, allow_none=True)


class AdminOnboardingUpdate(Schema):
    isOnboarded = StrictBool(required=True)


class AdminOnboardingResponse(Schema):
    isOnboarded = fields.Boolean(required=True)
