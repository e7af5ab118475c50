"""Getting in: the first account, logging in and out, changing the password."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import UserMetadataKey
from immich_flask.contracts.errors import ApiError, BadRequest, Unauthorized
from immich_flask.core.auth.attempts import prove
from immich_flask.core.auth.secrets import hash_password, verify_password
from immich_flask.core.auth.sessions import end_other_sessions, end_session, start_session
from immich_flask.core.models import User, UserMetadata
from immich_flask.core.settings import setting
from immich_flask.core.users.accounts import create_user, find_user
from immich_flask.infra.db import atomic
from immich_flask.infra.sql import for_update

LOGIN_PAGE = "/auth/login?autoLaunch=0"
"""Where the web app goes after logging out; the parameter keeps it from logging in by itself again."""


def sign_up_admin(email: str, password: str, name: str) -> User:
    """The first account of a server, an administrator. Raises BadRequest when there is an administrator already."""
    if not password:
        raise BadRequest("password is required")
    _require_no_admin()
    try:
        # The storage label can be taken once only, and so decides between two who sign up at the same time.
        return create_user(email, password, name, is_admin=True, storage_label="admin")
    except BadRequest:
        _require_no_admin()
        raise


def log_in(email: str, password: str, **device: str | None) -> dict:
    """Start a session for the account with this address and password; returns `LoginResponse`, with the token.

    device: `device_type`, `device_os`, `app_version`. Raises Unauthorized for a wrong password, an unknown address or
    a soft-deleted account (indistinguishable, also by time), or when passwords are switched off; TooManyAttempts.
    """
    if not setting("passwordLogin.enabled"):
        raise Unauthorized("Password login has been disabled")
    wrong = Unauthorized("Incorrect email or password")
    user = User.get_or_none((User.email == email) & User.deleted_at.is_null())
    hashed = user.password if user else None
    prove_password(email, password, hashed, wrong)
    with atomic():
        # The password was checked before the transaction. Had it been changed since then, the change would have ended
        # all sessions but the one that would begin here.
        still = User.select(User.id).where(User.id == user.id, User.password == hashed, User.deleted_at.is_null())
        if for_update(still).first() is None:
            raise wrong
        _, token = start_session(user.id, **device)
    return {
        "accessToken": token,
        "userId": user.id,
        "userEmail": user.email,
        "name": user.name,
        "isAdmin": user.is_admin,
        "profileImagePath": user.profile_image_key,
        "shouldChangePassword": user.should_change_password,
        "isOnboarded": _is_onboarded(user.id),
    }


def log_out(auth: Auth) -> dict:
    """End the caller's session, if he has one (an API key goes on); returns `LogoutResponse`."""
    if auth.session is not None:
        end_session(auth, auth.session.id)
    return {"successful": True, "redirectUri": LOGIN_PAGE}


def change_password(auth: Auth, password: str, new_password: str) -> User:
    """Replace the password of the caller and end all his other sessions. Raises BadRequest when `password` is not the
    present one, TooManyAttempts."""
    wrong = BadRequest("Wrong password")
    old = find_user(auth.user_id).password
    prove_password(auth.user.email, password, old, wrong)
    new = hash_password(new_password)
    with atomic():
        if not User.update(password=new).where(User.id == auth.user_id, User.password == old).execute():
            raise wrong
        end_other_sessions(auth)
        return find_user(auth.user_id)


def prove_password(email: str, password: str, hashed: str | None, wrong: ApiError) -> None:
    """Raise `wrong` unless `password` is that of the account; see `attempts.prove`. Logins and changes count together.
    """
    prove("password", email, lambda: verify_password(password, hashed), wrong)


def _require_no_admin() -> None:
    if User.select().where(User.is_admin).exists():
        raise BadRequest("The server already has an admin")


def _is_onboarded(user_id: str) -> bool:
    row = UserMetadata.get_or_none(UserMetadata.user == user_id, UserMetadata.key == UserMetadataKey.ONBOARDING)
    return bool(row and row.value.get("isOnboarded"))
