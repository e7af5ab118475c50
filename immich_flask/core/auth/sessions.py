"""Logins as their owner sees them: list, make for another device, lock, end.

A session may have made others (a television that shows what the phone chose); they end with it. Answers are
`SessionResponse`: `expiresAt` only where there is one, instants as stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from immich_flask.contracts.auth import Auth, AuthSession
from immich_flask.contracts.errors import BadRequest, NoAccess, Unauthorized
from immich_flask.contracts.events import SessionsDeleted
from immich_flask.contracts.permissions import Permission
from immich_flask.core.auth.attempts import forget_old_attempts
from immich_flask.core.auth.secrets import digest, new_token
from immich_flask.core.events import emit
from immich_flask.core.models import Session, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.fields import now, wire
from immich_flask.infra.sql import for_update

UNUSED_AFTER = timedelta(days=90)
"""How long a session that nobody uses is kept."""

_COLUMNS = (
    Session.id, wire(Session.created_at), wire(Session.updated_at), wire(Session.expires_at), Session.app_version,
    Session.device_os, Session.device_type, Session.is_pending_sync_reset,
)


def start_session(user_id: str, *, device_type: str = "", device_os: str = "", app_version: str | None = None,
                  parent: str | None = None, expires_at: datetime | None = None) -> tuple[str, str]:
    """Add a session; returns its id and its token, which is stored nowhere."""
    session_id, token, moment = new_id(), new_token(), now()
    Session.insert(
        id=session_id, user=user_id, token=digest(token), parent=parent, device_type=device_type, device_os=device_os,
        app_version=app_version, expires_at=expires_at, created_at=moment, updated_at=moment,
    ).execute()
    return session_id, token


def make_child(auth: Auth, *, duration: int | None = None, **device: str) -> dict:
    """A session for another device (`SessionCreateResponse`, with its token), for `duration` seconds but never longer
    than the caller's own: what was lent for an hour must not lend itself out for ever.

    device: `device_type`, `device_os`. Raises BadRequest for callers without a session, and for endless durations.
    """
    own = own_session(auth)
    ends = [_after(duration)] if duration is not None else []
    with atomic():
        parent = for_update(Session.select().where(Session.id == own.id)).first()
        if parent is None:
            raise Unauthorized("Invalid user token")
        if parent.expires_at:
            ends.append(parent.expires_at)
        session_id, token = start_session(auth.user_id, parent=parent.id, expires_at=min(ends, default=None), **device)
        return {**_response(_find(session_id), current=None), "token": token}


def sessions_of(user_id: str, current: str | None) -> list[dict]:
    """The sessions of an account that work, most recently used first; `current` is the id of the caller's. An account
    that is unknown or soft-deleted has none."""
    query = (Session.select(*_COLUMNS).join(User)
             .where(Session.user == user_id, User.deleted_at.is_null(),
                    Session.expires_at.is_null() | (Session.expires_at > now()))
             .order_by(Session.updated_at.desc(), Session.created_at.desc()))
    return [_response(row, current) for row in query.namedtuples()]


def update_session(auth: Auth, session_id: str, **columns: Any) -> dict:
    """Change a session of the caller. Raises NoAccess when it is not his, BadRequest when nothing is to be changed."""
    _require(auth, session_id, Permission.SESSION_UPDATE)
    if not columns:
        raise BadRequest("No fields to update")
    Session.update({**columns, "updated_at": now()}).where(Session.id == session_id).execute()
    if (row := _find(session_id)) is None:
        raise NoAccess(Permission.SESSION_UPDATE)
    return _response(row, current=None)


def lock_session(auth: Auth, session_id: str) -> None:
    """End the elevation of a session of the caller; NoAccess when it is not his."""
    _require(auth, session_id, Permission.SESSION_LOCK)
    Session.update(pin_expires_at=None).where(Session.id == session_id).execute()


def end_session(auth: Auth, session_id: str) -> None:
    """End a session of the caller and those it made. Raises NoAccess when it is not his."""
    with atomic():
        # The wire says `authDevice.delete` here, though the operation needs `session.delete`.
        _require(auth, session_id, Permission.AUTH_DEVICE_DELETE)
        end_sessions(auth.user_id, Session.id == session_id)


def end_other_sessions(auth: Auth) -> None:
    """End all sessions of the caller but the one that asks; with an API key all of them. A session that asks but was
    made by another ends with that one, as upstream's foreign key has it."""
    end_sessions(auth.user_id, Session.id != auth.session.id if auth.session else None)


def end_sessions(user_id: str, which: Any = None) -> None:
    """End those sessions of an account for which the condition `which` holds, and all that were made by them."""
    with atomic():
        condition = (Session.user == user_id) if which is None else (Session.user == user_id) & which
        ids = _with_children(condition)
        if ids:
            Session.delete().where(Session.id.in_(many(ids))).execute()
            emit(SessionsDeleted(tuple(ids), user_id))


def remove_stale_sessions() -> None:
    """Job `SessionCleanup`: end what has expired, or was not used for 90 days; forget old failed attempts."""
    moment = now()
    stale = (Session.updated_at <= moment - UNUSED_AFTER) | (Session.expires_at <= moment)
    by_user: dict[str, list[str]] = {}
    for session_id, user_id in Session.select(Session.id, Session.user).where(stale).tuples():
        by_user.setdefault(user_id, []).append(session_id)
    for user_id, ids in by_user.items():
        for part in chunks(ids):
            # Asked again, because it may have been used just now.
            end_sessions(user_id, Session.id.in_(part) & stale)
    forget_old_attempts()


def own_session(auth: Auth) -> AuthSession:
    """The caller's session. Raises BadRequest when he has none."""
    if auth.session is None:
        raise BadRequest("This endpoint can only be used with a session token")
    return auth.session


def _after(seconds: int) -> datetime:
    try:
        return now() + timedelta(seconds=seconds)
    except OverflowError as error:
        raise BadRequest("The session would last too long") from error


def _require(auth: Auth, session_id: str, permission: str) -> None:
    if not Session.select().where(Session.id == session_id, Session.user == auth.user_id).exists():
        raise NoAccess(permission)


def _with_children(condition: Any) -> list[str]:
    """Ids of the sessions for which `condition` holds, of those that these made, and so on."""
    found = Session.select(Session.id).where(condition).cte("found", recursive=True, columns=("id",))
    child = Session.alias()
    made = child.select(child.id).join(found, on=(child.parent == found.c.id))
    # UNION rather than UNION ALL: a child whose parent is in the list as well comes only once.
    both = found.union(made)
    return [session_id for session_id, in both.select_from(both.c.id).tuples()]


def _find(session_id: str) -> Any:
    return Session.select(*_COLUMNS).where(Session.id == session_id).namedtuples().first()


def _response(row: Any, current: str | None) -> dict:
    return {
        "id": row.id,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        **({"expiresAt": row.expires_at} if row.expires_at else {}),
        "current": row.id == current,
        "appVersion": row.app_version,
        "deviceOS": row.device_os,
        "deviceType": row.device_type,
        "isPendingSyncReset": row.is_pending_sync_reset,
    }
