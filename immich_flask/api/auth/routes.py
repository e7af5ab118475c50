"""Routes of `/api/auth`."""

from __future__ import annotations

from flask import Response, request

from immich_flask.api.auth.schemas import (
    AuthStatusResponse,
    ChangePassword,
    LoginCredential,
    LogoutResponse,
    PinCodeChange,
    PinCodeReset,
    PinCodeSetup,
    SessionUnlock,
    SignUp,
    ValidateAccessTokenResponse,
)
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.auth import passwords, pin_codes
from immich_flask.core.auth.cookies import clear_login_cookies, set_login_cookies
from immich_flask.core.auth.devices import app_version_of, device_of
from immich_flask.core.users import user_admin_response
from immich_flask.core.users.schemas import LoginResponse, UserAdminResponse
from immich_flask.infra.http.answers import json_response
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("auth", __name__, url_prefix="/auth", tag="Authentication")


@bp.operation("POST", "/login", "login", login=False, body=LoginCredential, answer=LoginResponse, status=201)
def login(body: dict) -> Response:
    device = device_of(request)
    answer = passwords.log_in(body["email"], body["password"], device_type=device.type, device_os=device.os,
                              app_version=app_version_of(request))
    response = json_response(answer, 201)
    set_login_cookies(response, answer["accessToken"])
    return response


@bp.operation("POST", "/admin-sign-up", "signUpAdmin", login=False, body=SignUp, answer=UserAdminResponse, status=201)
def sign_up_admin(body: dict) -> dict:
    return user_admin_response(passwords.sign_up_admin(body["email"], body["password"], body["name"]))


@bp.operation("POST", "/validateToken", "validateAccessToken", permission=None, answer=ValidateAccessTokenResponse)
def validate_access_token() -> dict:
    return {"authStatus": True}


@bp.operation("POST", "/change-password", "changePassword", permission=Permission.AUTH_CHANGE_PASSWORD,
              body=ChangePassword, answer=UserAdminResponse)
def change_password(auth: Auth, body: dict) -> dict:
    return user_admin_response(passwords.change_password(auth, body["password"], body["newPassword"]))


@bp.operation("POST", "/logout", "logout", answer=LogoutResponse)
def logout(auth: Auth) -> Response:
    response = json_response(passwords.log_out(auth))
    clear_login_cookies(response)
    return response


@bp.operation("GET", "/status", "getAuthStatus", answer=AuthStatusResponse)
def get_auth_status(auth: Auth) -> dict:
    return pin_codes.status(auth)


@bp.operation("POST", "/pin-code", "setupPinCode", permission=Permission.PIN_CODE_CREATE, body=PinCodeSetup,
              status=204)
def setup_pin_code(auth: Auth, body: dict) -> None:
    pin_codes.set_pin(auth, body["pinCode"])


@bp.operation("PUT", "/pin-code", "changePinCode", permission=Permission.PIN_CODE_UPDATE, body=PinCodeChange,
              status=204)
def change_pin_code(auth: Auth, body: dict) -> None:
    pin_codes.change_pin(auth, body["newPinCode"], pin_code=body.get("pinCode"), password=body.get("password"))


@bp.operation("DELETE", "/pin-code", "resetPinCode", permission=Permission.PIN_CODE_DELETE, body=PinCodeReset,
              status=204)
def reset_pin_code(auth: Auth, body: dict) -> None:
    pin_codes.reset_pin(auth, pin_code=body.get("pinCode"), password=body.get("password"))


@bp.operation("POST", "/session/unlock", "unlockAuthSession", body=SessionUnlock, status=204)
def unlock_auth_session(auth: Auth, body: dict) -> None:
    pin_codes.unlock(auth, body.get("pinCode"))


@bp.operation("POST", "/session/lock", "lockAuthSession", status=204)
def lock_auth_session(auth: Auth) -> None:
    pin_codes.lock(auth)
