"""Accounts: find, create, change.

Changes come as columns of `User`; `password` and `pin_code` in plain text, to be stored hashed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.events import UserCreated
from immich_flask.core.auth.secrets import hash_password
from immich_flask.core.events import emit
from immich_flask.core.models import User
from immich_flask.core.settings import setting
from immich_flask.core.users.answers import PUBLIC_COLUMNS, user_response
from immich_flask.infra.db import atomic

LABEL_BYTES = 255

_NOT_IN_LABELS = re.compile(r'[/?<>\\:*|".\x00-\x1f\x80-\x9f]')
_RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def find_user(user_id: str, *, with_deleted: bool = False) -> User:
    """The account. Raises BadRequest when there is none, or when it is soft-deleted and `with_deleted` is not set."""
    user = User.get_or_none(User.id == user_id)
    if user is None or (user.deleted_at is not None and not with_deleted):
        raise BadRequest("User not found")
    return user


def users_known_to(auth: Auth) -> list[dict]:
    """`UserResponse` of all accounts, newest first; only the caller's own when users are not public and he is no
    administrator."""
    query = User.select(*PUBLIC_COLUMNS).where(User.deleted_at.is_null()).order_by(User.created_at.desc())
    if not (auth.user.is_admin or setting("server.publicUsers")):
        query = query.where(User.id == auth.user_id)
    return [user_response(user) for user in query.namedtuples()]


def create_user(
    email: str, password: str, name: str, *, is_admin: bool = False, should_change_password: bool = True,
    storage_label: str | None = None, quota_size_in_bytes: int | None = None, avatar_color: str | None = None,
    pin_code: str | None = None,
) -> User:
    """A new account. `email` is put in lower case; `password` and `pin_code` come in plain text and are stored hashed.

    Raises BadRequest when the address or the storage label is taken, also by a soft-deleted account.
    """
    email, label = email.lower(), clean_label(storage_label)
    # Hashed before the transaction begins: on SQLite nobody else could write in the meantime.
    hashed, pin = hash_password(password), hash_password(pin_code) if pin_code else None
    with atomic():
        with _unique(email=email, storage_label=label):
            user = User.create(
                email=email, password=hashed, name=name, is_admin=is_admin, avatar_color=avatar_color,
                should_change_password=should_change_password, storage_label=label,
                quota_size_in_bytes=quota_size_in_bytes, pin_code=pin)
        emit(UserCreated(user.id))
    return user


def update_user(user_id: str, **changes: Any) -> User:
    """Change an account that is not soft-deleted, and return it.

    Raises BadRequest when there is no such account, or address or storage label are taken.
    """
    if "email" in changes:
        changes["email"] = changes["email"].lower()
    if "storage_label" in changes:
        changes["storage_label"] = clean_label(changes["storage_label"])
    for secret in ("password", "pin_code"):
        if changes.get(secret):
            changes[secret] = hash_password(changes[secret])
    with atomic():
        find_user(user_id)
        if changes:
            with _unique(email=changes.get("email"), storage_label=changes.get("storage_label"), besides=user_id):
                User.update(changes).where(User.id == user_id).execute()
        return find_user(user_id)


def update_own(user_id: str, **changes: Any) -> User:
    """Change what the owner of an account may change of it: `email`, `name`, `avatar_color`, `password`.

    An empty password is none, as upstream has it. Raises like `update_user`.
    """
    if changes.get("password"):
        changes["should_change_password"] = False
    else:
        changes.pop("password", None)
    return update_user(user_id, **changes)


def set_password(user_id: str, password: str) -> User:
    """Store a password that the owner of the account chose himself, so he need not change it again."""
    return update_own(user_id, password=password)


def clean_label(label: str | None) -> str | None:
    """A storage label as it can name a folder on any system, None for no label: without dots and the characters that
    file systems reserve (server/src/validation.ts, and the rules of the npm package `sanitize-filename`)."""
    text = _NOT_IN_LABELS.sub("", label or "")
    if _RESERVED_NAMES.fullmatch(text):
        return None
    return text.rstrip(" ").encode()[:LABEL_BYTES].decode(errors="ignore") or None


@contextmanager
def _unique(*, email: str | None, storage_label: str | None, besides: str | None = None) -> Iterator[None]:
    """Let the database decide whether address and label are free, then say which was not: nothing can come between."""
    try:
        with atomic():
            yield
    except peewee.IntegrityError as error:
        others = User.select().where(User.id != besides) if besides else User.select()
        if email is not None and others.where(User.email == email).exists():
            raise BadRequest("Email is not available") from error
        if storage_label is not None and others.where(User.storage_label == storage_label).exists():
            raise BadRequest("Storage label already in use by another account") from error
        raise
