"""Waiting for new messages in the outbox, for as long as there is somebody to tell.

SQLite tells nobody that something was written; but a connection can ask, for some microseconds, whether somebody else
has committed since it asked last, and that is done ten times a second. PostgreSQL tells by itself, on a connection of
its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from immich_flask.infra.db import connected, db, is_sqlite, listening
from plugins.realtime import outbox
from plugins.realtime.outbox import Message

POLL_SECONDS = 0.1

PATIENCE_SECONDS = 1.0
"""How long one call waits for news, so that whoever waits can also look at other things."""


class News(Protocol):
    """What was written since this was opened."""

    def wait(self) -> list[Message]:
        """The next messages, oldest first; after `PATIENCE_SECONDS` without any an empty list."""


@contextmanager
def news() -> Iterator[News]:
    """Look for messages from now on. In an app context; the connections are this thread's, until the end."""
    with connected():
        if is_sqlite():
            yield _Polled()
        else:
            with listening(outbox.CHANNEL) as connection:
                yield _Told(connection)


class _Polled:
    def __init__(self) -> None:
        # In this order: what is written in between is found at the first look.
        self._version: Any = None
        self._last = outbox.last_id()

    def wait(self) -> list[Message]:
        for _ in range(round(PATIENCE_SECONDS / POLL_SECONDS)):
            (version,), = db.execute_sql("PRAGMA data_version").fetchall()
            if version != self._version:
                self._version = version
                if found := outbox.newer_than(self._last):
                    self._last = found[-1].id
                    return found
            time.sleep(POLL_SECONDS)
        return []


class _Told:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def wait(self) -> list[Message]:
        told = list(self._connection.notifies(timeout=PATIENCE_SECONDS, stop_after=1))
        ids = [int(row_id) for notice in told for row_id in notice.payload.split(",")]
        return outbox.of_ids(ids) if ids else []
