"""Single rows, written and read without Peewee's builders: the same as with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from peewee import IntegrityError

from immich_flask.core.models import JobRow, User
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.infra.sql import find, insert_row, update_row
from immich_flask.testing import Caller, Server


def job(**more: Any) -> dict[str, Any]:
    return {"queue": "test", "name": "test \"'; ü", "payload": {"list": [1, None, "ü"], "'": '"'}, "fingerprint": "x",
            "run_at": now() + timedelta(days=1, milliseconds=7), **more}


@pytest.fixture(autouse=True)
def _none_left(server: Server) -> Iterator[None]:
    yield
    with server.context():
        JobRow.delete().where(JobRow.queue == "test").execute()


def test_an_insert_is_that_of_peewee(server: Server) -> None:
    with server.context():
        values = job()
        mine, theirs = JobRow.get_by_id(insert_row(JobRow, values)), JobRow.get_by_id(JobRow.create(**values).id)
        for name in ("queue", "name", "payload", "fingerprint", "run_at", "state", "attempts", "worker", "error"):
            assert getattr(mine, name) == getattr(theirs, name), name
        assert mine.id != theirs.id and abs(mine.created_at - theirs.created_at) < timedelta(seconds=5)


def test_an_update_is_that_of_peewee(server: Server) -> None:
    with server.context():
        key = insert_row(JobRow, job())
        changes = {"payload": {"new": []}, "worker": None, "attempts": 3, "run_at": now()}
        assert update_row(JobRow, key, changes)
        found = find(JobRow, key)
        assert {name: getattr(found, name) for name in changes} == changes
        assert not update_row(JobRow, "00000000-0000-4000-8000-000000000000", changes)


def test_what_is_no_row_is_none(server: Server, user: Caller) -> None:
    with server.context():
        with pytest.raises(KeyError, match="colour"), atomic():
            insert_row(JobRow, job(colour="red"))
        with pytest.raises(IntegrityError), atomic():
            insert_row(User, {"email": user.email})
        assert JobRow.select().where(JobRow.queue == "test").count() == 0
