"""How answers that contain a user, or a login, describe it; here, because plugins' answers do too."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import UserAvatarColor, UserStatus
from immich_flask.infra.http.schemas import DateTime, Email, Enum, Schema, UUIDv4


class UserResponse(Schema):
    id = UUIDv4(required=True)
    email = Email(required=True)
    name = fields.String(required=True)
    profileImagePath = fields.String(required=True)
    avatarColor = Enum(UserAvatarColor, required=True)
    profileChangedAt = DateTime(required=True)


class UserLicense(Schema):
    licenseKey = fields.String(required=True)
    activationKey = fields.String(required=True)
    activatedAt = DateTime(required=True)


class UserAdminResponse(UserResponse):
    storageLabel = fields.String(required=True, allow_none=True)
    shouldChangePassword = fields.Boolean(required=True)
    isAdmin = fields.Boolean(required=True)
    createdAt = DateTime(required=True)
    deletedAt = DateTime(required=True, allow_none=True)
    updatedAt = DateTime(required=True)
    oauthId = fields.String(required=True)
    quotaSizeInBytes = fields.Integer(required=True, allow_none=True)
    quotaUsageInBytes = fields.Integer(required=True, allow_none=True)
    status = Enum(UserStatus, required=True)
    license = fields.Nested(UserLicense, required=True, allow_none=True)


class LoginResponse(Schema):
    accessToken = fields.String(required=True)
    userId = UUIDv4(required=True)
    userEmail = Email(required=True)
    name = fields.String(required=True)
    profileImagePath = fields.String(required=True)
    isAdmin = fields.Boolean(required=True)
    shouldChangePassword = fields.Boolean(required=True)
    isOnboarded = fields.Boolean(required=True)
