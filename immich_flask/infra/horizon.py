"""Up to which time-ordered id (`infra.tracking`) everything is visible, so that a reader who goes on from there misses nothing.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import NamedTuple

from immich_flask.infra.db import db, is_sqlite
from immich_flask.infra.tracking import WRITING


class Horizon(NamedTuple):
    """`id`: rows with a lower one are all visible; none will appear or change any more below it. `moment`: when that
    was so, as such an id."""

    id: str
    moment: str


class Writer(NamedTuple):
    """A running transaction that has written to tracked tables; `pid` is None for a prepared one."""

    age: timedelta
    pid: int | None


def horizon() -> Horizon:
    """Ask before the snapshot begins in which the rows are read; on SQLite it may be the same one."""
    if is_sqlite():
        (last,), = db.execute_sql("SELECT last FROM tracking_clock").fetchall()
        # The ids of a microsecond go on random, and leave two bits of its part unused.
        seen = id_at(last, unused=1)
        # Nobody may have written for months.
        return Horizon(seen, max(seen, id_at(time.time_ns() // 1000)))
    (now, start), = db.execute_sql(f"""
        WITH writer AS ({_WRITERS})
        SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint, min(start_ms) FROM writer""").fetchall()
    settled = id_at(now if start is None else min(now, start * 1000))
    return Horizon(settled, settled)


def oldest_writer() -> Writer | None:
    """The running transaction that holds back the horizon. SQLite's writers don't."""
    if is_sqlite():
        return None
    rows = db.execute_sql(f"""
        WITH writer AS ({_WRITERS})
        SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint - start_ms, pid FROM writer
        ORDER BY start_ms LIMIT 1""").fetchall()
    return next((Writer(timedelta(milliseconds=age), pid) for age, pid in rows), None)


def id_at(microseconds: int, unused: int = 0) -> str:
    """The lowest id of a moment, in microseconds since 1970."""
    head = f"{microseconds // 1000:012x}"
    return f"{head[:8]}-{head[8:]}-{0x7000 + microseconds % 1000 * 4 + unused:04x}-8000-000000000000"


def milliseconds_of(tracked_id: str) -> int:
    """The time in an id, since 1970."""
    return int(tracked_id[:8] + tracked_id[9:13], 16)


# A lock's name is the start modulo 2^32 (49 days); the half that is nearer counts. The time is that of the statement's
# arrival, so from before the locks are looked at: who takes a lock later gets later ids.
_WRITERS = f"""
    SELECT pid, now_ms - (mod(now_ms - name_ms + 6442450944, 4294967296) - 2147483648) AS start_ms
    FROM (SELECT pid, mod(objid::bigint + 2147483648, 4294967296) AS name_ms,
                 floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms
          FROM pg_locks
          WHERE locktype = 'advisory' AND classid = {WRITING} AND objsubid = 2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held"""
