"""The database, SQLite or PostgreSQL: one per process, bound to every model.

Models are bound to `db`, a proxy, because the address is known only when an app is built. Connections are opened for a
request or a job and given back at its end; nothing connects by accident.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson
import peewee
from peewee import SQL, DatabaseProxy, Value
from playhouse.pool import MaxConnectionsExceeded

from immich_flask.infra.config import Config, is_postgres
from immich_flask.infra.postgres import open_postgres
from immich_flask.infra.sqlite import open_sqlite

log = logging.getLogger(__name__)

db = DatabaseProxy()

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
    db.initialize(open_postgres(url, config) if is_postgres(url) else open_sqlite(url, config))
    return db.obj


def is_sqlite() -> bool:
    return isinstance(db.obj, peewee.SqliteDatabase)


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
