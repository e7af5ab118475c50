"""Queries whose text is kept: the same answers as if it were made each time, whoever asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from peewee import SQL, Case, ModelSelect, Select, fn

from immich_flask.core.models import Asset, User
from immich_flask.infra.db import many
from immich_flask.infra.sql import Lookup, Texts, text_list
from immich_flask.testing import Caller, Server


def test_a_lookup_takes_values_lists_and_nothing_in_any_order(server: Server, user: Caller, other: Caller) -> None:
    def build(flag: object, ids: object, emails: object) -> ModelSelect:
        return (User.select(User.id, Case(None, ((User.id == flag, "this"),), "another"))
                .where(User.email.in_(text_list(emails)), User.id.in_(many(ids)), User.oauth_id == "")
                .order_by(Case(None, ((User.id == flag, 0),), 1)))

    both = Lookup(build)
    with server.context():
        ids, emails = [other.id, user.id], (user.email, other.email)
        assert [tuple(row) for row in both.rows(user.id, ids, emails)] == [(user.id, "this"), (other.id, "another")]
        assert both.first(other.id, ids, emails)[0] == other.id
        assert both.rows(other.id, [], emails) == []
        assert both.first(user.id, ids, ['"; DROP TABLE "user']) is None
        assert len(both.rows(None, ids, emails)) == 2


def test_a_lookup_from_no_table(server: Server, user: Caller) -> None:
    is_there = Lookup(lambda user_id: Select(columns=[fn.EXISTS(User.select(SQL("1")).where(User.id == user_id))]))
    with server.context():
        answer, = is_there.first(user.id)
        assert answer


def test_a_query_is_built_once(server: Server, user: Caller) -> None:
    built = []

    def build(email: object) -> ModelSelect:
        built.append(email)
        return User.select(User.id).where(User.email == email)

    lookup = Lookup(build)
    with server.context():
        assert [lookup.first(user.email), lookup.first("nobody@test.example")] == [(user.id,), None]
    assert len(built) == 1


def test_shapes_are_kept_apart_and_the_oldest_go(server: Server, user: Caller) -> None:
    texts, built = Texts(most=2), []

    def by(column: str) -> Callable:
        def build(value: object) -> ModelSelect:
            built.append(column)
            return User.select(User.id).where(getattr(User, column) == value)

        return build

    with server.context():
        for column, value in (("email", user.email), ("id", user.id), ("email", user.email), ("name", "none such"),
                              ("email", user.email)):
            assert texts.rows(column, by(column), value) == ([] if column == "name" else [(user.id,)])
    assert built == ["email", "id", "name", "email"]


def test_columns_keep_their_conversion_for_what_is_no_given_value(server: Server, user: Caller) -> None:
    lookup = Lookup(lambda owner: Asset.select(Asset.id).where(Asset.owner == owner, Asset.is_favorite == False))  # noqa: E712
    asset = user.asset()
    with server.context():
        assert lookup.rows(user.id) == [(asset,)]


QUESTIONS: dict[str, Callable[[Caller], list]] = {
    "month": lambda caller: caller.get("/timeline/bucket", timeBucket="2023-06-01", visibility="timeline",
                                       withPartners="true", withStacked="true").json["id"],
    "search": lambda caller: [asset["id"] for asset in caller.post("/search/metadata", {}).json["assets"]["items"]],
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_kept_is_never_somebody_elses(server: Server, user: Caller, other: Caller, question: str) -> None:
    ask = QUESTIONS[question]
    mine, theirs = user.asset(), other.asset()
    assert (ask(user), ask(other), ask(user)) == ([mine], [theirs], [mine])
    other.post("/partners", {"sharedWithId": user.id})
    user.put(f"/partners/{other.id}", {"inTimeline": True})
    assert (sorted(ask(user)), ask(other)) == (sorted([mine, theirs]), [theirs])
    other.delete(f"/partners/{user.id}")
    assert ask(user) == [mine]


def test_what_is_kept_opens_no_locked_folder(server: Server, user: Caller) -> None:
    asset = user.asset()
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    elevated = user.elevated()
    for _ in range(2):
        assert elevated.get("/timeline/bucket", timeBucket="2023-06-01", visibility="locked").json["id"] == [asset]
        assert user.get("/timeline/bucket", timeBucket="2023-06-01", visibility="locked").status_code == 401
        assert len(elevated.post("/search/metadata", {}).json["assets"]["items"]) == 1
        assert user.post("/search/metadata", {}).json["assets"]["items"] == []


def test_what_is_kept_checks_albums_each_time(user: Caller, other: Caller) -> None:
    album = user.post("/albums", {"albumName": "a", "assetIds": [user.asset()],
                                  "albumUsers": [{"userId": other.id, "role": "viewer"}]}).json["id"]
    assert len(other.get("/timeline/bucket", timeBucket="2023-06-01", albumId=album).json["id"]) == 1
    assert user.delete(f"/albums/{album}/user/{other.id}").status_code == 204
    assert other.get("/timeline/bucket", timeBucket="2023-06-01", albumId=album).status_code == 400


def test_another_server_in_the_process_asks_for_itself(make_server: Callable[..., Server], user: Caller) -> None:
    months = {"timeBucket": "2023-06-01", "withStacked": "true"}
    first, second = user.asset(), user.asset()
    user.post("/stacks", {"assetIds": [first, second]})
    assert len(user.get("/timeline/bucket", **months).json["id"]) == 1
    without = make_server(**{"plugins.disabled": ["stacks"]}).user()
    without.asset(), without.asset()
    assert without.get("/timeline/bucket", **months).json["stack"] == [None, None]
