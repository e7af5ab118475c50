"""Helpers of the tests of authentication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from immich_flask.contracts.events import SessionsDeleted
from immich_flask.contracts.plugin import Listener
from immich_flask.core.models import Session
from immich_flask.infra.fields import now
from immich_flask.testing.callers import Caller, Server


class SessionRows:
    """Rows of the table `session`, changed behind the server's back: time passes by setting columns."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def set(self, caller: Caller, **columns: Any) -> None:
        with self.server.context():
            assert Session.update(columns).where(Session.id == caller.session_id).execute() == 1

    def age(self, caller: Caller, **by: float) -> None:
        """Let the session be unused since then: `age(user, hours=2)`."""
        self.set(caller, updated_at=now() - timedelta(**by))

    def get(self, caller: Caller) -> Session | None:
        with self.server.context():
            return Session.get_or_none(Session.id == caller.session_id)


@pytest.fixture
def rows(server: Server) -> SessionRows:
    return SessionRows(server)


@pytest.fixture
def ended(server: Server) -> Callable[[], Any]:
    """`with ended() as events: ...`: the SessionsDeleted that listeners were told of meanwhile, after the commit."""

    @contextmanager
    def listen() -> Iterator[list[SessionsDeleted]]:
        events: list[SessionsDeleted] = []
        listeners = server.runtime.plugins.listeners.setdefault((SessionsDeleted, "after"), [])
        listeners.append(("test", Listener(SessionsDeleted, "after", events.append)))
        try:
            yield events
        finally:
            listeners.pop()

    return listen
