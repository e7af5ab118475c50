"""How answers that contain a user describe it; here, because plugins' answers do too."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import UserAvatarColor
from immich_flask.infra.http.schemas import DateTime, Email, Enum, Schema, UUIDv4


class UserResponse(Schema):
    id = UUIDv4(required=True)
    email = Email(required=True)
    name = fields.String(required=True)
    profileImagePath = fields.String(required=True)
    avatarColor = Enum(UserAvatarColor, required=True)
    profileChangedAt = DateTime(required=True)
