"""From a request to its caller.

The first credential found decides, in the order of Immich (server/src/services/auth.service.ts): what plugins know
(shared links), a session token, an API key. There is no falling back to the next when one is wrong.

This runs before nearly every answer: one query by a unique index, rows as tuples, instants compared as the text they
are stored as. It writes only when a session was not seen for an hour, when the app was updated, or towards the end of
an elevation.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Request

from immich_flask.contracts.auth import Auth, AuthApiKey, AuthSession, AuthUser
from immich_flask.contracts.errors import Forbidden, Unauthorized
from immich_flask.contracts.permissions import grants
from immich_flask.core.auth.devices import app_version_of, device_of
from immich_flask.core.auth.secrets import digest
from immich_flask.core.models import ApiKey, Session, User
from immich_flask.core.runtime import runtime
from immich_flask.infra.fields import instant, iso, now
from immich_flask.infra.http.blueprint import Access
from immich_flask.infra.sql import Lookup

ACCESS_COOKIE = "immich_access_token"

_READING = ("GET", "HEAD", "OPTIONS")

SEEN_AFTER = timedelta(hours=1)
"""How old `updated_at` of a session gets before it is refreshed."""

PIN_EXTENSION = timedelta(minutes=5)
"""A request in the last minutes of an elevation extends it to this much from now."""

PIN_EXTENSION_STEP = timedelta(seconds=10)
"""What an extension must gain: a page full of pictures is many requests at once, and each would write."""

_USER = (User.id, User.email, User.name, User.is_admin, User.quota_size_in_bytes, User.quota_usage_in_bytes)
_session_by_token = Lookup(lambda token: (
    Session.select(Session.id, Session.updated_at, Session.app_version, Session.expires_at, Session.pin_expires_at,
                   *_USER)
    .join(User).where(Session.token == token, User.deleted_at.is_null())))
_key_by_secret = Lookup(lambda secret: (
    ApiKey.select(ApiKey.id, ApiKey.permissions, *_USER)
    .join(User).where(ApiKey.key == secret, User.deleted_at.is_null())))


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
    """The session token of a request, wherever it stands. Raises Forbidden where a browser says that the page of
    another site made it send its cookie."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    shown = (request.headers.get("x-immich-user-token") or request.headers.get("x-immich-session-token")
             or request.args.get("sessionKey") or (bearer.strip() if scheme.lower() == "bearer" else None))
    if shown:
        return shown
    token = request.cookies.get(ACCESS_COOKIE)
    if token and _is_forged(request):
        raise Forbidden("Cross-site request")
    return token


def _is_forged(request: Request) -> bool:
    """Whether the page of another site, a neighbour's on the same domain too, asks for something that changes what is
    here, or listens. Cookies that are `SameSite=Lax` come with a neighbour's requests; forms and WebSockets need nobody's
    consent to be sent. No page can set this header; clients that are no browsers, and old browsers, do not."""
    elsewhere = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    return elsewhere and (request.method not in _READING or request.headers.get("Upgrade", "").lower() == "websocket")


def _by_session(request: Request) -> Auth | None:
    token = session_token(request)
    if not token:
        return None
    moment = now()
    row = _session_by_token.first(digest(token))
    if row is None or (row[3] is not None and row[3] <= iso(moment)):
        raise Unauthorized("Invalid user token")
    session_id, updated_at, app_version, _, pin_expires_at, *user = row
    version = app_version_of(request)
    if updated_at < iso(moment - SEEN_AFTER) or (version and version != app_version):
        _refresh(request, session_id, updated_at, version, moment)
    elevated = pin_expires_at is not None and pin_expires_at > iso(moment)
    if elevated:
        _extend(session_id, pin_expires_at, moment)
    return Auth(_user(*user), session=AuthSession(session_id, elevated))


def _refresh(request: Request, session_id: str, updated_at: str, version: str | None, moment: datetime) -> None:
    """Note that the session is in use, and what the request says of its device; what it does not say stays."""
    device = device_of(request)
    said = {"device_type": device.type, "device_os": device.os, "app_version": version}
    (Session.update({"updated_at": moment, **{column: value for column, value in said.items() if value}})
     # Of several requests at once only the first has something to write.
     .where(Session.id == session_id, Session.updated_at == updated_at).execute())


def _extend(session_id: str, pin_expires_at: str, moment: datetime) -> None:
    if instant(pin_expires_at) + PIN_EXTENSION_STEP <= moment + PIN_EXTENSION:
        # Not when it was locked, or extended by another request, in the meantime.
        (Session.update(pin_expires_at=moment + PIN_EXTENSION)
         .where(Session.id == session_id, Session.pin_expires_at == pin_expires_at).execute())


def _by_api_key(request: Request) -> Auth | None:
    secret = request.headers.get("x-api-key") or request.args.get("apiKey")
    if not secret:
        return None
    row = _key_by_secret.first(digest(secret))
    if row is None:
        raise Unauthorized("Invalid API key")
    key_id, permissions, *user = row
    return Auth(_user(*user), api_key=AuthApiKey(key_id, frozenset(ApiKey.permissions.python_value(permissions))))


def auth_of(user_id: str) -> Auth | None:
    """Somebody as he is seen without asking him for a credential: what may be told to each of his sessions. None when
    there is no such account, or it is soft-deleted."""
    row = User.select(*_USER).where(User.id == user_id, User.deleted_at.is_null()).tuples().first()
    return None if row is None else Auth(_user(*row))


def _user(id: str, email: str, name: str, is_admin: bool, quota: int | None, usage: int) -> AuthUser:
    return AuthUser(id, email, name, bool(is_admin), quota, usage)
