"""The PIN code: six digits that open the locked folder, to one session for a while.

Where a PIN is to be changed or removed the password of the account is as good a proof as the PIN.
"""

from __future__ import annotations

from datetime import timedelta

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.auth.attempts import prove
from immich_flask.core.auth.passwords import prove_password
from immich_flask.core.auth.secrets import hash_password, verify_password
from immich_flask.core.auth.sessions import own_session
from immich_flask.core.models import Session, User
from immich_flask.core.users.accounts import find_user
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now, wire

ELEVATION = timedelta(minutes=15)
"""How long a session is elevated by its PIN. Later requests extend it (`authenticate.PIN_EXTENSION`)."""


def set_pin(auth: Auth, pin_code: str) -> None:
    """Give the caller's account its PIN. Raises BadRequest when it has one."""
    has_one = BadRequest("User already has a PIN code")
    if find_user(auth.user_id).pin_code:
        raise has_one
    hashed = hash_password(pin_code)
    with atomic():
        if not User.update(pin_code=hashed).where(User.id == auth.user_id, User.pin_code.is_null()).execute():
            raise has_one


def change_pin(auth: Auth, new_pin_code: str, *, pin_code: str | None = None, password: str | None = None) -> None:
    """Replace the PIN, on proof of the old one or of the password. Raises BadRequest when there is none, or for a wrong
    or missing proof; TooManyAttempts."""
    old = _prove(auth, pin_code, password)
    _replace(auth, old, hash_password(new_pin_code))


def reset_pin(auth: Auth, *, pin_code: str | None = None, password: str | None = None) -> None:
    """Remove the PIN and lock all sessions of the account. Raises like `change_pin`."""
    old = _prove(auth, pin_code, password)
    with atomic():
        _replace(auth, old, None)
        (Session.update(pin_expires_at=None)
         .where(Session.user == auth.user_id, Session.pin_expires_at.is_null(False)).execute())


def unlock(auth: Auth, pin_code: str | None) -> None:
    """Elevate the caller's session. Raises BadRequest for callers without one, when there is no PIN, or for a wrong or
    missing one; TooManyAttempts."""
    session = own_session(auth)
    proven = _prove(auth, pin_code, None)
    owner = User.select(User.id).where(User.id == auth.user_id, User.pin_code == proven)
    elevate = Session.update(pin_expires_at=now() + ELEVATION)
    if not elevate.where(Session.id == session.id, Session.user.in_(owner)).execute():
        raise _changed_meanwhile()


def lock(auth: Auth) -> None:
    """End the elevation of the caller's session. Raises BadRequest for callers without one."""
    Session.update(pin_expires_at=None).where(Session.id == own_session(auth).id).execute()


def status(auth: Auth) -> dict:
    """`AuthStatusResponse`: what secrets the account has, and how long the caller's session is good for what."""
    user = find_user(auth.user_id)
    expiry = {}
    if auth.session is not None:
        columns = Session.select(wire(Session.expires_at), wire(Session.pin_expires_at))
        row = columns.where(Session.id == auth.session.id).tuples().first() or (None, None)
        expiry = dict(zip(("expiresAt", "pinExpiresAt"), row, strict=True))
    return {
        "pinCode": bool(user.pin_code),
        "password": bool(user.password),
        "isElevated": auth.elevated,
        **{key: value for key, value in expiry.items() if value},
    }


def _prove(auth: Auth, pin_code: str | None, password: str | None) -> str:
    """Check the proof that was given (the password, when both were); returns the hash of the PIN in force."""
    user = find_user(auth.user_id)
    if not user.pin_code:
        raise BadRequest("User does not have a PIN code")
    if password:
        prove_password(user.email, password, user.password, BadRequest("Wrong password"))
    elif pin_code:
        prove("PIN", user.id, lambda: verify_password(pin_code, user.pin_code), BadRequest("Wrong PIN code"))
    else:
        raise BadRequest("Either password or pinCode is required")
    return user.pin_code


def _replace(auth: Auth, old: str, new: str | None) -> None:
    """Store another PIN, unless somebody has changed it since it was proven."""
    if not User.update(pin_code=new).where(User.id == auth.user_id, User.pin_code == old).execute():
        raise _changed_meanwhile()


def _changed_meanwhile() -> BadRequest:
    """The PIN that was proven is not the PIN any more."""
    return BadRequest("Wrong PIN code")
