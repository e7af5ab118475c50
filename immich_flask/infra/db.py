"""The database: SQLite in WAL mode, or PostgreSQL through psycopg 3. One per process, bound to every model.

Models are bound to `db`, a proxy, because the address is known only when an app is built. Connections are opened for a
request or a job and given back at its end; nothing connects by accident.
"""

from __future__ import annotations

import itertools
import logging
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import cysqlite
import orjson
import peewee
from peewee import SQL, DatabaseProxy, PostgresqlDatabase, Value
from psycopg.pq import TransactionStatus
from playhouse.cysqlite_ext import PooledCySqliteDatabase
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import Config, is_postgres

log = logging.getLogger(__name__)

db = DatabaseProxy()

OLDEST_SQLITE = (3, 53, 0)
"""Older ones write numbers with 15 digits, two fewer than tell all of them apart, and before 3.51.3 processes that
moved the same log into the database at once could damage it (sqlite.org/wal.html, "The WAL-Reset Bug")."""

UNAVAILABLE = (peewee.OperationalError, peewee.InterfaceError, MaxConnectionsExceeded)
"""What a query raises when the database is away, locked for too long, or out of connections."""


class Model(peewee.Model):
    """Base of all models. Table names are snake_case and singular (`asset`, `album_user`)."""

    class Meta:
        database = db
        legacy_table_names = False


def connect_database(config: Config) -> peewee.Database:
    """Bind `db` to the configured database. Nothing is opened yet.

    A database that was bound before in this process is closed first.
    """
    if db.obj is not None:
        db.obj.close_all()
    url = config.database_url
    db.initialize(_postgres(url, config) if is_postgres(url) else _sqlite(url, config))
    return db.obj


def is_sqlite() -> bool:
    return isinstance(db.obj, peewee.SqliteDatabase)


def _sqlite(url: str, config: Config) -> peewee.Database:
    if cysqlite.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(f"cysqlite was built with SQLite {cysqlite.sqlite_version}, which is too old: take one of its "
                          "wheels, which bring their own (pip install --force-reinstall --only-binary :all: cysqlite)")
    path = url.removeprefix("sqlite:///")
    if path in ("", ":memory:"):
        raise ConfigError("database.url must name a file: web and worker processes share the database")
    return _Sqlite(
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


def _postgres(url: str, config: Config) -> peewee.Database:
    return _Postgres(
        # Peewee's psycopg 3 adapter recognises only this spelling of the scheme.
        url.replace("postgres://", "postgresql://", 1),
        max_connections=config.database.pool_size,
        timeout=10,
        stale_timeout=600,
        autoconnect=False,
        prefer_psycopg3=True,
        # A transaction that was forgotten holds up the clean-up of old rows, and what clients may acknowledge.
        options="-c timezone=UTC -c datestyle=ISO -c idle_in_transaction_session_timeout=600000",
        connect_timeout=5,
        # A machine that vanished without a word is noticed within a minute, by whoever waits for its answer, too.
        keepalives_idle=30, keepalives_interval=10, keepalives_count=3, tcp_user_timeout=60_000,
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


class _Sqlite(PooledCySqliteDatabase):
    # This driver brings a SQLite of its own: the same one everywhere, and one that writes JSON in half of the time that
    # systems from before 2024 take. Python's `sqlite3` may not open the same file in the same process: each of the two
    # would take the locks of the other away.

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


class _Postgres(PooledPostgresqlDatabase):
    field_types = {**PooledPostgresqlDatabase.field_types, "INSTANT": "TIMESTAMPTZ(3)", "DAY": "DATE"}

    def _is_closed(self, conn: Any) -> bool:
        # The pool asks before it gives out a connection. A round trip would tell no more: a server that has gone, or
        # was restarted, has said goodbye, and whoever waits unasked for to be read is not idle.
        if conn.closed:
            return True
        if conn.info.transaction_status == TransactionStatus.IDLE and not _has_news(conn.fileno()):
            return False
        conn.close()
        return True

    def open_apart(self) -> Any:
        """A connection that the pool does not know of, so that it is not counted among those that it may have."""
        return PostgresqlDatabase._connect(self)

    def _connect(self) -> Any:
        connection = super()._connect()
        from immich_flask.infra.pgtypes import register

        register(connection)
        return connection


def _has_news(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def close_idle_connections() -> None:
    """Give up connections that are not in use, where the next one is opened in no time: to SQLite. Each takes a
    megabyte, and there is one for every thread."""
    if db.obj is not None and is_sqlite():
        db.obj.close_idle()


@contextmanager
def connected() -> Iterator[peewee.Database]:
    """Hold a connection for a while (a job, a command, a streamed answer); reuses the one already open."""
    opened = db.connect(reuse_if_open=True)
    try:
        yield db.obj
    finally:
        if opened:
            db.close()


@contextmanager
def without_connection() -> Iterator[None]:
    """Give the connection back while something is waited for that needs none: there are fewer connections than clients
    that may be slow. Not in a transaction."""
    if db.in_transaction():
        raise RuntimeError("a transaction cannot do without its connection")
    if db.is_closed():
        yield
        return
    db.close()
    try:
        yield
    finally:
        db.connect(reuse_if_open=True)


@contextmanager
def listening(channel: str) -> Iterator[Any]:
    """A connection to PostgreSQL, of psycopg and outside the pool, that hears of what is told on a channel (NOTIFY):
    whoever waits on it can do nothing else with it."""
    connection = db.obj.open_apart()
    try:
        connection.autocommit = True
        connection.execute(f"LISTEN {channel}")
        yield connection
    finally:
        connection.close()


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction; inside one, a savepoint. The only way to open either (Peewee's own `after_commit` would also run
    what was registered in a savepoint that was rolled back, and drop the rest when one callback raises)."""
    callbacks = _pending.callbacks
    outermost, mark = not db.in_transaction(), len(callbacks)
    cause: BaseException | None = None
    try:
        with db.atomic():
            try:
                yield
            except BaseException as error:
                cause = error
                raise
    except BaseException as error:
        del callbacks[mark:]
        if cause is not None and cause is not error:
            # Rolling back failed as well, for there is no transaction any more: the connection is gone, or the disk
            # is full, upon which SQLite rolls back by itself.
            raise cause from None
        raise
    if outermost:
        todo, callbacks[:] = callbacks[:], []
        for callback in todo:
            _run(callback)


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that reads one state of the database, whatever others write meanwhile."""
    with db.transaction("DEFERRED" if is_sqlite() else "REPEATABLE READ"):
        yield


def batches(text: str, parameters: Sequence[Any] = (), size: int = 100) -> Iterator[list[tuple]]:
    """The rows of a SELECT in lists of up to `size`, as the driver gives them, holding no more than that in memory.
    Within a transaction."""
    # PostgreSQL keeps the rows on its side only for a cursor with a name.
    cursor = db.connection().cursor(**({} if is_sqlite() else {"name": f"batches{next(_cursors)}"}))
    with closing(cursor):
        cursor.execute(text, parameters)
        while rows := cursor.fetchmany(size):
            yield rows


_cursors = itertools.count()


def after_commit(callback: Callable[[], None]) -> None:
    """Call `callback` once the outermost transaction has committed; at once when there is none. Never, when the
    transaction or a savepoint around this call is rolled back. What it raises is logged."""
    if db.in_transaction():
        _pending.callbacks.append(callback)
    else:
        _run(callback)


class _Pending(threading.local):
    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []


_pending = _Pending()


def _run(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        log.exception("work after a commit failed")


def chunks(values: Any, size: int = 500) -> Iterator[list]:
    """Cut a long list of ids, so that no statement has more variables than the database takes."""
    values = list(values)
    for start in range(0, len(values), size):
        yield values[start:start + size]


class Place:
    """The place of a value among those that a query is told when it runs."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


class Given(Value):
    """Stands in a query for a value that is told when it runs (`infra.sql.Lookup`)."""

    def __init__(self, at: int) -> None:
        super().__init__(Place(at), converter=False)


def as_array(values: Any) -> Any:
    """The bound parameter for a list of texts: JSON, which both databases take apart."""
    return values.value if isinstance(values, Given) else orjson.dumps(list(values)).decode()


def many(values: Any) -> Any:
    """A subquery of the given ids, as one bound JSON array: `Asset.id.in_(many(ids))` takes any number of ids in one
    statement, and keeps the statement's text the same."""
    array = as_array(values)
    if is_sqlite():
        return SQL("(SELECT value FROM json_each(?))", [array])
    return SQL("(SELECT value::uuid FROM jsonb_array_elements_text(%s::jsonb) AS value)", [array])
