"""SQLite through `cysqlite`, which brings one of its own: the same everywhere, and one that writes JSON in half of the
time that systems from before 2024 take.

Python's `sqlite3` may not open the same file in the same process: each of the two would take the locks of the other away.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import cysqlite
import peewee
from playhouse.cysqlite_ext import PooledCySqliteDatabase

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import Config

OLDEST_SQLITE = (3, 53, 0)
"""Older ones write numbers with 15 digits, two fewer than tell all of them apart, and before 3.51.3 processes that
moved the same log into the database at once could damage it (sqlite.org/wal.html, "The WAL-Reset Bug")."""


def open_sqlite(url: str, config: Config) -> Sqlite:
    """The database in the file that `url` (`sqlite:///path`) names. Nothing is opened yet. ConfigError when there can be
    none."""
    if cysqlite.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(f"cysqlite was built with SQLite {cysqlite.sqlite_version}, which is too old: take one of its "
                          "wheels, which bring their own (pip install --force-reinstall --only-binary :all: cysqlite)")
    path = url.removeprefix("sqlite:///")
    if path in ("", ":memory:"):
        raise ConfigError("database.url must name a file: web and worker processes share the database")
    return Sqlite(
        path,
        max_connections=None,
        autoconnect=False,
        # A deferred transaction that reads and then writes fails at once when another wrote in between.
        lock_type="IMMEDIATE",
        rank_functions=False,
        pragmas={
            # Not as `timeout`, which the pool takes for its own.
            "busy_timeout": config.database.busy_timeout_ms,
            "journal_mode": "wal",
            "foreign_keys": 1,
            # With WAL this still survives a killed process; a power cut can lose the last commits, so FULL.
            "synchronous": "full",
            "cache_size": -16 * 1024,
            # It counts as memory of ours. All of a library of 100,000 would be twice as much, and save 3 % of the time.
            "mmap_size": 128 * 1024 * 1024,
            "temp_store": "memory",
        },
    )


class _Rows:
    """What a statement gave, as a cursor, but read to the end already.

    A cursor of this driver belongs to its connection until its last row was asked for, or it is gone. One that is part
    of a cycle (Peewee's queries are) goes when the collector comes, in whichever thread, which then waits for the
    connection, and Python with it: for as long as its new owner waits to write, for somebody who waits for Python.
    """

    __slots__ = ("description", "lastrowid", "rowcount", "_rows")

    def __init__(self, cursor: cysqlite.Cursor) -> None:
        self._rows = iter(cursor.fetchall())
        self.description, self.lastrowid, self.rowcount = cursor.description, cursor.lastrowid, cursor.rowcount

    def __iter__(self) -> Iterator[tuple]:
        return self._rows

    def fetchone(self) -> tuple | None:
        return next(self._rows, None)

    def fetchmany(self, size: int) -> list[tuple]:
        return list(itertools.islice(self._rows, size))

    def fetchall(self) -> list[tuple]:
        return list(self._rows)

    def close(self) -> None:
        self._rows = iter(())


class Sqlite(PooledCySqliteDatabase):
    # Peewee would make these INTEGER or TEXT by itself; ids and instants are text that SQL can put into JSON.
    field_types = {**PooledCySqliteDatabase.field_types, "INSTANT": "TEXT", "DAY": "TEXT"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watcher: cysqlite.Connection | None = None
        self._watching = threading.Lock()

    def _connect(self) -> cysqlite.Connection:
        try:
            connection = super()._connect()
        except cysqlite.OperationalError as error:
            raise cysqlite.OperationalError(f"{self.database}: {error}") from error
        # Plans that hold for any value. Else statements are prepared anew for each one, which takes 20 µs.
        connection.db_config(cysqlite.SQLITE_DBCONFIG_ENABLE_QPSG, True)
        return connection

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """All rows at once, also for `iterator()`: `batches` gives some at a time."""
        cursor = super().execute_sql(sql, params)
        if cursor.description is None:
            return cursor
        with peewee.__exception_wrapper__:
            return _Rows(cursor)

    def data_version(self) -> int:
        """A number that changes with every commit, whoever made it: so SQLite tells it to a connection that never
        commits anything itself, which is what this one is for. Takes some microseconds."""
        with self._watching:
            if self._watcher is None:
                self._watcher = cysqlite.connect(self.database)
            return self._watcher.execute_scalar("PRAGMA data_version")

    def close_all(self) -> None:
        super().close_all()
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None

    def rollback(self) -> None:
        # When the disk is full SQLite has done that by itself; to try again would hide why.
        if self.connection().in_transaction:
            super().rollback()
