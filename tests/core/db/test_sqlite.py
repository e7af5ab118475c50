"""The SQLite that comes with the driver."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path

import cysqlite
import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.core.models import User
from immich_flask.infra import sqlite as module
from immich_flask.infra.away import is_away, is_full
from immich_flask.infra.config import load_config
from immich_flask.infra.db import atomic, connect_database, db
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend


@pytest.fixture
def on_sqlite(backend: Backend) -> None:
    if backend.kind == "postgres":
        pytest.skip("with SQLite")


def test_one_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(ConfigError, match="too old: take one of its wheels"):
        connect_database(load_config(overrides={"data_dir": str(tmp_path)}, environ={}))


def test_statements_are_prepared_for_any_value(on_sqlite: None, server: Server) -> None:
    with server.context():
        assert db.connection().db_config(cysqlite.SQLITE_DBCONFIG_ENABLE_QPSG) == 1


@pytest.mark.parametrize(("error", "away", "full"), [
    (cysqlite.DatabaseLockedError("error executing query: [COMMIT] database is locked (code=5, ext=517)"), True, False),
    (cysqlite.DatabaseLockedError("backup timed out waiting for lock"), True, False),
    (cysqlite.DiskFullError("error executing query: [COMMIT] database or disk is full (code=13, ext=13)"), True, True),
    (cysqlite.OperationalError("error executing query: [SELECT 1] disk I/O error (code=10, ext=778)"), True, False),
    (cysqlite.OperationalError("/a/immich.db: error opening database: unable to open database file."), True, False),
    (cysqlite.OperationalError("error compiling statement: [SELECT x] no such column: x (code=1, ext=1)"), False, False),
    (cysqlite.OperationalError("error compiling statement: [SELECT '(code=5, ext=5)' nope] x (code=1, ext=1)"), False,
     False),
    (cysqlite.OperationalError("Cannot operate on closed database."), False, False),
])
def test_what_is_away_and_what_is_wrong(error: Exception, away: bool, full: bool) -> None:
    assert (is_away(error), is_full(error)) == (away, full)


def test_nothing_keeps_a_statement_from_its_connection(on_sqlite: None, server: Server) -> None:
    """Else the collector of another thread would have to wait for whoever has the connection by then."""
    with server.context():
        server.user("ann"), server.user("bob")
        kept = [User.select(), User.select().where(User.name == "ann")]
        assert kept[0].first() is not None and kept[0].exists() and kept[1].get().name == "ann"
        kept.append(db.execute_sql('SELECT id FROM "user"'))
        assert len(kept[-1].fetchone()) == len(kept[-1].fetchmany(1)) == 1
        kept.append(iter(User.select().iterator()))
        next(kept[-1])
        kept.append(User.update(name="ann").where(User.name == "ann").returning(User.id).execute())
        used = db.connection().get_stmt_usage()[1]
    assert used == 0, kept


def test_the_collector_does_not_wait_for_a_writer(on_sqlite: None, server: Server) -> None:
    """One writes and waits for Python, another waits to write, and the first finds the other's old query in the garbage."""
    begun, held = threading.Event(), threading.Event()
    garbage: list = []

    def other() -> None:
        with server.context():
            query = User.select()
            query.first()
            garbage.append([query, garbage])
            begun.set()
            held.wait(10)
            with atomic():
                pass

    thread = threading.Thread(target=other)
    thread.start()
    begun.wait(10)
    began = time.monotonic()
    with server.context(), atomic():
        User.update(name="x").where(User.name == "nobody").execute()
        held.set()
        time.sleep(0.1)
        garbage.clear()
        gc.collect()
    thread.join()
    assert time.monotonic() - began < 10
