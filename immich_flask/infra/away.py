"""Telling what is away for now, and will be back, from what is wrong and stays so.

A request that meets what is away is answered 503 and can be sent again; a job waits for it, however long that takes.
"""

from __future__ import annotations

import re
from typing import Any

import cysqlite
import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded

from immich_flask.infra.storage.base import StorageFull, StorageUnavailable

# "no such column" is an OperationalError of SQLite's as well: only these are not the statement's fault.
_SQLITE_AWAY = {
    cysqlite.SQLITE_BUSY, cysqlite.SQLITE_LOCKED, cysqlite.SQLITE_IOERR, cysqlite.SQLITE_FULL, cysqlite.SQLITE_CANTOPEN,
    cysqlite.SQLITE_PROTOCOL, cysqlite.SQLITE_READONLY, cysqlite.SQLITE_INTERRUPT,
}
_POSTGRES_FULL = "53100"


def is_away(error: BaseException) -> bool:
    """Whether database or storage cannot be reached or do not get to it now: gone, locked for too long, out of
    connections, full."""
    if isinstance(error, (StorageUnavailable, StorageFull, MaxConnectionsExceeded)):
        return True
    original = _by_driver(error)
    if isinstance(original, cysqlite.OperationalError):
        return _primary(original) in _SQLITE_AWAY
    # PostgreSQL has other words for statements that are wrong.
    return isinstance(original, (peewee.OperationalError, peewee.InterfaceError, psycopg.OperationalError,
                                 psycopg.InterfaceError, cysqlite.InterfaceError))


def is_full(error: BaseException) -> bool:
    """Whether it is the space that is missing: waiting alone does not help."""
    if isinstance(error, StorageFull):
        return True
    original = _by_driver(error)
    if isinstance(original, cysqlite.OperationalError):
        return _primary(original) == cysqlite.SQLITE_FULL
    return getattr(original, "sqlstate", None) == _POSTGRES_FULL


def _by_driver(error: BaseException) -> Any:
    """What the driver raised, of which Peewee makes its own; where rows are fetched later, it is raised as it is."""
    return getattr(error, "orig", None) or error


_CODE = re.compile(r"\(code=(\d+), ext=\d+\)$")
_NOT_OPENED = "error opening database: "


def _primary(error: cysqlite.Error) -> int | None:
    """SQLite's result code, which the driver tells in words only. Its own refusals ("Cannot operate on closed
    database.") have none."""
    message = str(error)
    if isinstance(error, cysqlite.DatabaseLockedError):
        # Of a backup, it says so without a code.
        return cysqlite.SQLITE_BUSY
    if found := _CODE.search(message):
        return int(found[1])
    return cysqlite.SQLITE_CANTOPEN if _NOT_OPENED in message else None
