"""Telling what is away for now, and will be back, from what is wrong and stays so.

A request that meets what is away is answered 503 and can be sent again; a job waits for it, however long that takes.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded

from immich_flask.infra.storage.base import StorageFull, StorageUnavailable

# "no such column" is an OperationalError of SQLite's as well: only these are not the statement's fault.
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM,
}
_POSTGRES_FULL = "53100"


def is_away(error: BaseException) -> bool:
    """Whether database or storage cannot be reached or do not get to it now: gone, locked for too long, out of
    connections, full."""
    if isinstance(error, (StorageUnavailable, StorageFull, MaxConnectionsExceeded)):
        return True
    original = _by_driver(error)
    if isinstance(original, sqlite3.OperationalError):
        return _primary(original) in _SQLITE_AWAY
    # PostgreSQL has other words for statements that are wrong.
    return isinstance(original, (peewee.OperationalError, peewee.InterfaceError, psycopg.OperationalError,
                                 psycopg.InterfaceError, sqlite3.InterfaceError))


def is_full(error: BaseException) -> bool:
    """Whether it is the space that is missing: waiting alone does not help."""
    if isinstance(error, StorageFull):
        return True
    original = _by_driver(error)
    if isinstance(original, sqlite3.OperationalError):
        return _primary(original) == sqlite3.SQLITE_FULL
    return getattr(original, "sqlstate", None) == _POSTGRES_FULL


def _by_driver(error: BaseException) -> Any:
    """What the driver raised, of which Peewee makes its own; where rows are fetched later, it is raised as it is."""
    return getattr(error, "orig", None) or error


def _primary(error: sqlite3.Error) -> int | None:
    # The upper bits tell more about it. Python's own refusals ("Cannot operate on a closed database") have no code.
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
