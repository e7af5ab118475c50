"""Routes of `/api/sessions`."""

from __future__ import annotations

from immich_flask.api.sessions.schemas import SessionCreate, SessionCreateResponse, SessionResponse, SessionUpdate
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.auth import sessions
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("sessions", __name__, url_prefix="/sessions", tag="Sessions")


@bp.operation("POST", "", "createSession", permission=Permission.SESSION_CREATE, body=SessionCreate,
              answer=SessionCreateResponse, status=201)
def create_session(auth: Auth, body: dict) -> dict:
    return sessions.make_child(auth, **body)


@bp.operation("GET", "", "getSessions", permission=Permission.SESSION_READ, answer=SessionResponse(many=True))
def get_sessions(auth: Auth) -> list[dict]:
    return sessions.sessions_of(auth.user_id, current=auth.session.id if auth.session else None)


@bp.operation("DELETE", "", "deleteAllSessions", permission=Permission.SESSION_DELETE, status=204)
def delete_all_sessions(auth: Auth) -> None:
    sessions.end_other_sessions(auth)


@bp.operation("PUT", "/{id}", "updateSession", permission=Permission.SESSION_UPDATE, body=SessionUpdate,
              answer=SessionResponse, twin="PATCH")
def update_session(auth: Auth, id: str, body: dict) -> dict:
    return sessions.update_session(auth, id, **body)


@bp.operation("DELETE", "/{id}", "deleteSession", permission=Permission.SESSION_DELETE, status=204)
def delete_session(auth: Auth, id: str) -> None:
    sessions.end_session(auth, id)


@bp.operation("POST", "/{id}/lock", "lockSession", permission=Permission.SESSION_LOCK, status=204)
def lock_session(auth: Auth, id: str) -> None:
    sessions.lock_session(auth, id)
