"""API keys: named secrets of an account, each limited to a list of permissions.

Answers are `ApiKeyResponse`. A key that makes or changes keys can give away only what it has itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest, Forbidden
from immich_flask.contracts.permissions import Permission, grants
from immich_flask.core.auth.secrets import digest, new_token
from immich_flask.core.models import ApiKey
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import now, wire

DEFAULT_NAME = "API Key"

_COLUMNS = (ApiKey.id, ApiKey.name, wire(ApiKey.created_at), wire(ApiKey.updated_at), ApiKey.permissions)


def create_key(auth: Auth, permissions: Sequence[Permission], name: str | None = None) -> dict:
    """Add a key; returns `ApiKeyCreateResponse`, with the secret, which is stored nowhere.

    Raises BadRequest when the caller is a key without one of `permissions`.
    """
    _require_granted(auth, permissions)
    key_id, secret, moment = new_id(), new_token(), now()
    ApiKey.insert(id=key_id, user=auth.user_id, name=name or DEFAULT_NAME, key=digest(secret),
                  permissions=list(map(str, permissions)), created_at=moment, updated_at=moment).execute()
    return {"secret": secret, "apiKey": find_key(auth, key_id)}


def keys_of(auth: Auth) -> list[dict]:
    """The caller's keys, newest first."""
    return [_response(row) for row in _own(auth).order_by(ApiKey.created_at.desc()).namedtuples()]


def find_key(auth: Auth, key_id: str) -> dict:
    """One key of the caller. Raises BadRequest when there is none with this id."""
    row = _own(auth).where(ApiKey.id == key_id).namedtuples().first()
    if row is None:
        raise BadRequest("API Key not found")
    return _response(row)


def current_key(auth: Auth) -> dict:
    """The key that asks. Raises Forbidden for callers who came by other means."""
    if auth.api_key is None:
        raise Forbidden("Not authenticated with an API Key")
    return find_key(auth, auth.api_key.id)


def update_key(auth: Auth, key_id: str, *, name: str | None = None, permissions: Sequence[Permission] | None = None,
               ) -> dict:
    """Rename a key of the caller or replace its permissions. Raises BadRequest when there is no such key, when nothing
    is to be changed, or when the caller is a key without one of `permissions`."""
    find_key(auth, key_id)
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name
    if permissions is not None:
        _require_granted(auth, permissions)
        changes["permissions"] = list(map(str, permissions))
    if not changes:
        raise BadRequest("No fields to update")
    ApiKey.update({**changes, "updated_at": now()}).where(ApiKey.id == key_id, ApiKey.user == auth.user_id).execute()
    return find_key(auth, key_id)


def delete_key(auth: Auth, key_id: str) -> None:
    """Remove a key of the caller; it is refused from now on. Raises BadRequest when there is none with this id."""
    if not ApiKey.delete().where(ApiKey.id == key_id, ApiKey.user == auth.user_id).execute():
        raise BadRequest("API Key not found")


def _require_granted(auth: Auth, permissions: Sequence[Permission]) -> None:
    if auth.api_key is not None and not all(grants(auth.api_key.permissions, wanted) for wanted in permissions):
        raise BadRequest("Cannot grant permissions you do not have")


def _own(auth: Auth) -> peewee.ModelSelect:
    return ApiKey.select(*_COLUMNS).where(ApiKey.user == auth.user_id)


def _response(row: Any) -> dict:
    return {
        "id": row.id,
        "name": row.name,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "permissions": row.permissions,
    }
