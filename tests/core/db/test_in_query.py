"""Subqueries within subqueries: the same answer as Peewee's own `in_`, and a text that is made once."""

from __future__ import annotations

from peewee import SQL, Node

from immich_flask.core.models import User
from immich_flask.infra.sql import in_query
from immich_flask.testing import Caller, Server


class Counted(Node):
    """A condition that is always true, and how often its text was made."""

    def __init__(self) -> None:
        self.made = 0

    def __sql__(self, ctx: object) -> object:
        self.made += 1
        return ctx.sql(SQL("1 = 1"))


def nested(within: object, levels: int) -> tuple[object, Counted]:
    counted = Counted()
    query = User.select(User.id).where(counted)
    for _ in range(levels):
        other = User.alias()
        query = other.select(other.id).where(within(other.id, query))
    return query, counted


def test_one_text_however_deep(server: Server, user: Caller) -> None:
    query, counted = nested(in_query, 5)
    peewees, _ = nested(lambda column, inner: column.in_(inner), 5)
    with server.context():
        assert user.id in {found for found, in query.tuples()}
        assert {found for found, in query.tuples()} == {found for found, in peewees.tuples()}
    # For each of the two runs.
    assert counted.made == 2
