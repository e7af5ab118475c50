"""What administrators do to accounts, beyond what `accounts` and `removal` do for everybody."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.owner import recount_usage
from immich_flask.core.models import Session, User
from immich_flask.core.users.accounts import create_user, find_user, update_user
from immich_flask.core.users.answers import ADMIN_COLUMNS, user_admin_response, user_admin_responses
from immich_flask.infra.db import atomic


def users(user_id: str | None = None, *, with_deleted: bool = False) -> list[dict]:
    """`UserAdminResponse` of all accounts, newest first, or of one; two queries."""
    query = User.select(*ADMIN_COLUMNS).order_by(User.created_at.desc())
    if not with_deleted:
        query = query.where(User.deleted_at.is_null())
    if user_id is not None:
        query = query.where(User.id == user_id)
    return user_admin_responses(query.namedtuples())


def create(**columns: Any) -> dict:
    """A new account; see `accounts.create_user`. Raises BadRequest for an empty password too: it could never log in."""
    if not columns["password"]:
        raise BadRequest("password is required")
    return user_admin_response(create_user(**columns))


def update(auth: Auth, user_id: str, **changes: Any) -> dict:
    """Change an account; see `accounts.update_user`. Raises BadRequest also for demoting oneself."""
    if user_id == auth.user_id and not changes.get("is_admin", True):
        raise BadRequest("Admin status can only be changed by another admin")
    if changes.get("password") == "":
        raise BadRequest("password is required")
    with atomic():
        before = find_user(user_id)
        after = update_user(user_id, **changes)
        if "pin_code" in changes:
            # Nobody stays in the locked folder by a PIN that no longer counts.
            Session.update(pin_expires_at=None).where(Session.user == user_id).execute()
        if after.quota_size_in_bytes not in (None, before.quota_size_in_bytes):
            # From here on the number decides about uploads: let it be right.
            recount_usage(user_id)
            after = find_user(user_id)
    return user_admin_response(after)
