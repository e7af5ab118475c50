"""What `/api/auth` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import Email, Schema, StrictBool, StrictStr

PIN_CODE = r"^\d{6}$"


class LoginCredential(Schema):
    email = Email(required=True)
    password = StrictStr(required=True)


class SignUp(LoginCredential):
    name = StrictStr(required=True)


class LogoutResponse(Schema):
    successful = fields.Boolean(required=True)
    redirectUri = fields.String(required=True)


class ValidateAccessTokenResponse(Schema):
    authStatus = fields.Boolean(required=True)


class ChangePassword(Schema):
    password = StrictStr(required=True)
    newPassword = StrictStr(required=True, min_length=8)
    # Without effect, on the real server too: the other sessions end anyway.
    invalidateSessions = StrictBool()


class PinCodeSetup(Schema):
    pinCode = StrictStr(required=True, pattern=PIN_CODE)


class PinCodeReset(Schema):
    pinCode = StrictStr(pattern=PIN_CODE)
    password = StrictStr()


class PinCodeChange(PinCodeReset):
    newPinCode = StrictStr(required=True, pattern=PIN_CODE)


class SessionUnlock(PinCodeReset):
    """The password is known to the wire here, and unlocks nothing."""


class AuthStatusResponse(Schema):
    pinCode = fields.Boolean(required=True)
    password = fields.Boolean(required=True)
    isElevated = fields.Boolean(required=True)
    expiresAt = fields.String()
    pinExpiresAt = fields.String()
