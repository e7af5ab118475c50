"""Messages on their way from where something happens to the processes that hold clients.

They are rows, written in the transaction that makes them true: what is rolled back is never told, and it does not
matter whether a web process or a worker writes. Readers look for new ones (`plugins.realtime.news`). A message that
nobody reads in time is lost, and that is all right: clients look at everything anew when they connect.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from peewee import fn

from immich_flask.contracts.events import Event, SessionsDeleted, UserTrashed
from immich_flask.contracts.plugin import Listener, LiveEvent
from immich_flask.infra.db import after_commit, atomic, db, is_sqlite
from immich_flask.infra.fields import now
from immich_flask.infra.sql import insert_row
from plugins.realtime.models import LiveMessage

KEPT = timedelta(minutes=5)
"""How long a message stays; readers need it for some milliseconds."""

SWEEP_SECONDS = 60.0

CHANNEL = "immich_flask_live"
"""Of PostgreSQL's NOTIFY; the payload is ids of messages, with commas."""

END_SESSIONS = "sessions deleted"
"""The rooms are sessions that are no more."""

LEAVE = "leave"
"""The rooms are users that may not listen any more."""


class Message(NamedTuple):
    """A row of the outbox; see `LiveMessage`."""

    id: int
    kind: str
    rooms: list[str] | None
    arguments: list[Any]


Draft = Callable[[Any], "tuple[str, list[str] | None, list[Any]]"]
"""Of an event: what to write."""


def kind_of(live: LiveEvent) -> str:
    return f"{live.name} of {live.when.__name__}"


def listeners(live_events: Iterable[LiveEvent]) -> list[Listener]:
    """What writes messages when something happens: one listener for each event, however many messages it makes."""
    drafts: dict[type[Event], list[Draft]] = {
        SessionsDeleted: [lambda event: (END_SESSIONS, list(event.session_ids), [])],
        UserTrashed: [lambda event: (LEAVE, [event.user_id], [])],
    }
    for live in live_events:
        drafts.setdefault(live.when, []).append(partial(_draft, live))
    return [Listener(when, "inside", partial(_write, some)) for when, some in drafts.items()]


def _draft(live: LiveEvent, event: Event) -> tuple[str, list[str] | None, list[Any]]:
    rooms = None if live.to is None else list(dict.fromkeys(live.to(event)))
    return kind_of(live), rooms, live.arguments(event) if live.arguments else []


def _write(drafts: list[Draft], event: Event) -> None:
    moment = now()
    rows = [{"kind": kind, "rooms": rooms, "arguments": arguments, "created_at": moment}
            for kind, rooms, arguments in (draft(event) for draft in drafts) if rooms is None or rooms]
    if not rows:
        return
    # An event is one message, or two.
    ids = [insert_row(LiveMessage, row) for row in rows]
    if not is_sqlite():
        # Told by PostgreSQL when this transaction commits.
        db.execute_sql("SELECT pg_notify(%s, %s)", (CHANNEL, ",".join(map(str, ids))))
    if _sweeping.is_due():
        after_commit(sweep)


def last_id() -> int:
    """The id of the newest message; 0 when there is none."""
    return LiveMessage.select(fn.MAX(LiveMessage.id)).scalar() or 0


def newer_than(message_id: int) -> list[Message]:
    """On SQLite, where ids are in the order of the commits: there is one writer at a time."""
    return _messages(LiveMessage.id > message_id)


def of_ids(ids: Iterable[int]) -> list[Message]:
    return _messages(LiveMessage.id.in_(list(ids)))


def _messages(condition: Any) -> list[Message]:
    query = LiveMessage.select(LiveMessage.id, LiveMessage.kind, LiveMessage.rooms, LiveMessage.arguments)
    return [Message(*row) for row in query.where(condition).order_by(LiveMessage.id).tuples()]


class _Sometimes:
    """Whether it is time again, for this process."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def is_due(self) -> bool:
        moment = time.monotonic()
        if moment - self._last < self._seconds:
            return False
        self._last = moment
        return True


_sweeping = _Sometimes(SWEEP_SECONDS)


def sweep() -> int:
    """Remove old messages; returns how many. The newest stays, so that SQLite gives no id twice."""
    newest = LiveMessage.select(fn.MAX(LiveMessage.id))
    old = LiveMessage.select(LiveMessage.id).where(LiveMessage.created_at < now() - KEPT, LiveMessage.id < newest)
    if not is_sqlite():
        # Several that sweep at once do not wait for each other, nor for ever.
        old = old.for_update("FOR UPDATE SKIP LOCKED")
    with atomic():
        return LiveMessage.delete().where(LiveMessage.id.in_(old)).execute()
