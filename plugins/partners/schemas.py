"""What `/api/partners` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import PartnerDirection
from immich_flask.core.users.schemas import UserResponse
from immich_flask.infra.http.schemas import Enum, Schema, StrictBool, UUIDv4


class PartnerSearch(Schema):
    direction = Enum(PartnerDirection, required=True)


class PartnerCreate(Schema):
    sharedWithId = UUIDv4(required=True)


class PartnerUpdate(Schema):
    inTimeline = StrictBool(required=True)


class PartnerResponse(UserResponse):
    inTimeline = fields.Boolean()
