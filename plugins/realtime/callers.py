"""Who listens, and whether he still may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import Request

from immich_flask.contracts.errors import ApiError
from immich_flask.contracts.permissions import grants
from immich_flask.core.auth.authenticate import authenticate
from immich_flask.core.models import ApiKey, Session, User
from immich_flask.infra.db import many
from immich_flask.infra.fields import now
from immich_flask.infra.http.blueprint import Access

ACCESS = Access()
"""Of every route for which the wire names no permission: not for links, and keys need `all`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that was let in: by a session, or by an API key."""

    user_id: str
    session_id: str | None
    api_key_id: str | None

    @property
    def rooms(self) -> list[str]:
        """By which ids he is reached."""
        return [room for room in (self.user_id, self.session_id, self.api_key_id) if room is not None]


def caller_of(request: Request) -> Caller | None:
    """Whoever sent the request, with the credentials of any other; None when he may not listen."""
    try:
        auth = authenticate(request, ACCESS)
    except ApiError:
        return None
    return Caller(auth.user_id, auth.session and auth.session.id, auth.api_key and auth.api_key.id)


def gone(callers: Iterable[Caller]) -> Iterator[tuple[str, bool]]:
    """Of sessions and API keys that let callers in, those that would not do so any more (expired, deleted by whatever
    hand, account deleted), and whether each is a session; two queries at most."""
    callers = list(callers)
    sessions = {caller.session_id for caller in callers if caller.session_id}
    keys = {caller.api_key_id for caller in callers if caller.api_key_id}
    if sessions:
        query = Session.select(Session.id).join(User).where(
            Session.id.in_(many(sessions)), User.deleted_at.is_null(),
            Session.expires_at.is_null() | (Session.expires_at > now()))
        for session_id in sessions.difference(session_id for session_id, in query.tuples()):
            yield session_id, True
    if keys:
        query = ApiKey.select(ApiKey.id, ApiKey.permissions).join(User).where(
            ApiKey.id.in_(many(keys)), User.deleted_at.is_null())
        for key_id in keys.difference(key_id for key_id, permissions in query.tuples()
                                      if grants(frozenset(permissions), ACCESS.permission)):
            yield key_id, False
