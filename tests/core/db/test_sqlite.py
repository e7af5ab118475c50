"""The SQLite that comes with the driver."""

from __future__ import annotations

from pathlib import Path

import cysqlite
import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra import db as module
from immich_flask.infra.away import is_away, is_full
from immich_flask.infra.config import load_config
from immich_flask.infra.db import connect_database, db, is_sqlite
from immich_flask.testing import Server


def test_one_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(ConfigError, match="too old: take one of its wheels"):
        connect_database(load_config(overrides={"data_dir": str(tmp_path)}, environ={}))


def test_statements_are_prepared_for_any_value(server: Server) -> None:
    with server.context():
        if not is_sqlite():
            pytest.skip("with SQLite")
        assert db.connection().db_config(cysqlite.SQLITE_DBCONFIG_ENABLE_QPSG) == 1


@pytest.mark.parametrize(("error", "away", "full"), [
    (cysqlite.DatabaseLockedError("error executing query: [COMMIT] database is locked (code=5, ext=517)"), True, False),
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
