"""From a request to its caller.

The first credential found decides, in the order of Immich (server/src/services/auth.service.ts): what plugins know
(shared links), a session token, an API key. There is no falling back to the next when one is wrong.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Request

from immich_flask.contracts.auth import Auth, AuthApiKey, AuthSession, AuthUser
from immich_flask.contracts.errors import Forbidden, Unauthorized
from immich_flask.contracts.permissions import grants
from immich_flask.core.auth.devices import app_version_of, device_of
from immich_flask.core.auth.secrets import digest
from immich_flask.core.models import ApiKey, Session, User
from immich_flask.core.runtime import runtime
from immich_flask.infra.fields import now
from immich_flask.infra.http.blueprint import Access

ACCESS_COOKIE = "immich_access_token"

SEEN_AFTER = timedelta(hours=1)
"""How old `updated_at` of a session gets before it is refreshed."""

PIN_EXTENDED_WITHIN = timedelta(minutes=5)
"""A request in the last minutes of an elevation extends it to this much from now."""

_USER = (User.id, User.email, User.name, User.is_admin, User.quota_size_in_bytes, User.quota_usage_in_bytes)


def authenticate(request: Request, access: Access) -> Auth:
    """The caller of `request`, if `access` lets him in.

    Raises Unauthorized (no credential, or a wrong one) and Forbidden (not for links, not for this key, not admin).
    """
    auth = runtime.plugins.hook.authenticate(request=request) or _by_session(request) or _by_api_key(request)
    if auth is None:
        raise Unauthorized("Authentication required")
    if auth.shared_link is not None and not access.shared_link:
        raise Forbidden()
    if access.admin and not auth.user.is_admin:
        raise Forbidden()
    if auth.api_key is not None and access.permission and not grants(auth.api_key.permissions, access.permission):
        raise Forbidden(f"Missing required permission: {access.permission}")
    return auth


def session_token(request: Request) -> str | None:
    """The session token of a request, wherever it stands."""
    bearer = request.headers.get("Authorization", "")
    return (request.headers.get("x-immich-user-token") or request.headers.get("x-immich-session-token")
            or request.args.get("sessionKey") or (bearer[7:].strip() if bearer[:7].lower() == "bearer " else None)
            or request.cookies.get(ACCESS_COOKIE))


def _by_session(request: Request) -> Auth | None:
    token = session_token(request)
    if not token:
        return None
    moment = now()
    session = (Session.select(Session, *_USER).join(User)
               .where(Session.token == digest(token), User.deleted_at.is_null(),
                      Session.expires_at.is_null() | (Session.expires_at > moment)).first())
    if session is None:
        raise Unauthorized("Invalid user token")
    version = app_version_of(request)
    if moment - session.updated_at > SEEN_AFTER or (version and version != session.app_version):
        device = device_of(request)
        (Session.update(updated_at=moment, device_type=device.type or session.device_type,
                        device_os=device.os or session.device_os,
                        app_version=version or session.app_version)
         .where(Session.id == session.id).execute())
    elevated = session.pin_expires_at is not None and session.pin_expires_at > moment
    if elevated and session.pin_expires_at - moment < PIN_EXTENDED_WITHIN:
        (Session.update(pin_expires_at=moment + PIN_EXTENDED_WITHIN)
         .where(Session.id == session.id, Session.pin_expires_at.is_null(False)).execute())
    return Auth(_user(session.user), session=AuthSession(session.id, elevated))


def _by_api_key(request: Request) -> Auth | None:
    secret = request.headers.get("x-api-key") or request.args.get("apiKey")
    if not secret:
        return None
    key = (ApiKey.select(ApiKey, *_USER).join(User)
           .where(ApiKey.key == digest(secret), User.deleted_at.is_null()).first())
    if key is None:
        raise Unauthorized("Invalid API key")
    return Auth(_user(key.user), api_key=AuthApiKey(key.id, frozenset(key.permissions)))


def _user(row: User) -> AuthUser:
    return AuthUser(row.id, row.email, row.name, row.is_admin, row.quota_size_in_bytes, row.quota_usage_in_bytes)
