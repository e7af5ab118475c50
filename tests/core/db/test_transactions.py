"""What runs after a commit, and what never does."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from immich_flask.core.models import SystemMetadata
from immich_flask.infra.db import after_commit, atomic, db, is_sqlite
from immich_flask.testing import Server


class Refused(Exception):
    pass


def test_callbacks_run_after_the_outermost_commit(server: Server) -> None:
    told: list[str] = []
    with server.context():
        with atomic():
            with atomic():
                after_commit(lambda: told.append("inner"))
            after_commit(lambda: told.append("outer"))
            assert told == []
        assert told == ["inner", "outer"]
        after_commit(lambda: told.append("at once"))
    assert told == ["inner", "outer", "at once"]


def test_a_rolled_back_transaction_tells_nobody(server: Server) -> None:
    told: list[str] = []
    with server.context():
        with pytest.raises(Refused), atomic():
            after_commit(lambda: told.append("never"))
            raise Refused
        with atomic():
            pass
    assert told == []


def test_a_rolled_back_savepoint_forgets_only_its_own(server: Server) -> None:
    told: list[str] = []
    with server.context():
        with atomic():
            after_commit(lambda: told.append("before"))
            with pytest.raises(Refused), atomic():
                SystemMetadata.create(key="gone", value=1)
                after_commit(lambda: told.append("never"))
                raise Refused
            after_commit(lambda: told.append("behind"))
        assert not SystemMetadata.select().where(SystemMetadata.key == "gone").exists()
    assert told == ["before", "behind"]


def test_one_that_raises_does_not_drop_the_rest(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with server.context(), caplog.at_level(logging.ERROR), atomic():
        after_commit(lambda: 1 / 0)
        after_commit(lambda: told.append("still"))
    assert told == ["still"]
    assert "ZeroDivisionError" in caplog.text


def test_a_writer_waits_for_another_as_long_as_is_configured(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"database.busy_timeout_ms": 12_345})
    with server.context():
        if not is_sqlite():
            pytest.skip("PostgreSQL's writers wait for rows, not for the database")
        assert db.execute_sql("PRAGMA busy_timeout").fetchall() == [(12_345,)]
