"""Answers that are right for as long as nobody writes to the database, whoever and whatever.

Some answers take the database long and are asked for again and again while nothing happens: the months of a library.
Both databases can tell cheaply whether anything at all was written since: SQLite counts commits and changes for each
connection, and in PostgreSQL two equal snapshots see the same rows. Answers are kept with the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from immich_flask.infra.db import db, is_sqlite

MOST = 100
"""Answers that a connection keeps; the oldest go first."""

Answer = TypeVar("Answer")


def unchanged(key: Hashable, compute: Callable[[], Answer]) -> Answer:
    """What `compute()` returned the last time for this key, if nothing was written since; else what it returns now.

    It must depend on the key and the database alone, and nobody may change what it returns.
    """
    if db.in_transaction():
        # What is not committed may never have been.
        return compute()
    answers: dict = db.connection().__dict__.setdefault("answers", {})
    # Before the answer is computed: if somebody writes meanwhile, it counts as old.
    state = _state()
    known = answers.pop(key, None)
    answer = known[1] if known is not None and known[0] == state else compute()
    answers[key] = state, answer
    if len(answers) > MOST:
        del answers[next(iter(answers))]
    return answer


def _state() -> Hashable:
    if is_sqlite():
        connection = db.connection()
        return connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes
    return db.obj.execute_sql("SELECT pg_current_snapshot()::text").fetchone()[0]
