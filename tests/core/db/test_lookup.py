"""Queries whose text is kept."""

from __future__ import annotations

import pytest
from peewee import SQL, Select, fn

from immich_flask.core.models import User
from immich_flask.infra.sql import Lookup
from immich_flask.testing import Caller, Server


def test_a_lookup_by_several_values(server: Server, user: Caller) -> None:
    found = Lookup(lambda user_id, name: User.select(User.id).where(User.id == user_id, User.name == name))
    with server.context():
        name, = User.select(User.name).where(User.id == user.id).tuples().get()
        for _ in range(2):
            assert found.first(user.id, name) == (user.id,)
            assert found.first(user.id, "nobody") is None


def test_a_lookup_from_no_table(server: Server, user: Caller) -> None:
    is_there = Lookup(lambda user_id: Select(columns=[fn.EXISTS(User.select(SQL("1")).where(User.id == user_id))]))
    with server.context():
        answer, = is_there.first(user.id)
        assert answer


def test_a_lookup_with_another_parameter_is_a_mistake(server: Server, user: Caller) -> None:
    wrong = Lookup(lambda user_id: User.select(User.id).where(User.id == user_id, User.name == "fixed"))
    with server.context(), pytest.raises(ValueError, match="takes the values"):
        wrong.first(user.id)
