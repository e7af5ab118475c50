"""Counts of months: always what counting the assets gives, whoever wrote them and however, and as quickly told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import product
from typing import Any

import psycopg
import pytest
from peewee import fn

from immich_flask.core.models import Asset, User
from immich_flask.infra import tally
from immich_flask.infra.db import atomic, db, is_sqlite, many
from immich_flask.infra.fields import now
from immich_flask.infra.unchanged import forget
from immich_flask.testing import Caller, Server
from plugins.stacks.models import Stack
from plugins.timeline import counts, service
from plugins.timeline.models import TimelineCount
from tests.benchmarks.seed import seed_assets


def counted(*owner_ids: str) -> dict[tuple, int]:
    total = fn.SUM(TimelineCount.count)
    return {tuple(key): int(count) for *key, count in
            TimelineCount.select(*TimelineCount.key(), total).where(TimelineCount.owner_id.in_(owner_ids))
            .group_by(*TimelineCount.key()).having(total != 0).tuples()}


def there(*owner_ids: str) -> dict[tuple, int]:
    return {tuple(key): count for *key, count in counts.truth().where(Asset.owner.in_(owner_ids)).tuples()}


WRITES: dict[str, Callable[[Any, random.Random], Any]] = {
    "trash": lambda some, rnd: Asset.update(deleted_at=now(), status="trashed").where(some),
    "restore": lambda some, rnd: Asset.update(deleted_at=None, status="active").where(some),
    "give up": lambda some, rnd: Asset.update(status="deleted").where(some, Asset.deleted_at.is_null(False)),
    "show as": lambda some, rnd: Asset.update(visibility=rnd.choice(("timeline", "archive", "locked", "hidden"))).where(some),
    "like": lambda some, rnd: Asset.update(is_favorite=rnd.random() < 0.5).where(some),
    "date": lambda some, rnd: Asset.update(local_date_time=rnd.choice((
        "2020-01-31T23:59:59.999Z", "2020-02-01T00:00:00.000Z", "0999-12-31T10:00:00.000Z"))).where(some),
    "nothing": lambda some, rnd: Asset.update(owner=Asset.owner, visibility=Asset.visibility, thumbhash="x").where(some),
    "delete": lambda some, rnd: Asset.delete().where(some),
}


def test_they_are_right_after_every_kind_of_write(server: Server, user: Caller, other: Caller) -> None:
    rnd = random.Random(7)
    owners = user.id, other.id
    with server.context():
        ids = seed_assets(user.id, 40) + seed_assets(other.id, 40, seed=2)
        assert counted(*owners) == there(*owners) != {}
        for turn in range(5):
            for name in rnd.sample(list(WRITES), len(WRITES)):
                some = Asset.id.in_(many(rnd.sample(ids, 3 if name == "delete" else 12)))
                WRITES[name](some, rnd).execute()
                assert counted(*owners) == there(*owners), name
            with atomic():
                ids += seed_assets(user.id, 3, seed=10 + turn)
            # To somebody else, by hand, and in a transaction that fails.
            Asset.update(owner=rnd.choice(owners)).where(Asset.id == ids[-1]).execute()
            db.execute_sql(f"UPDATE asset SET visibility = 'archive' WHERE owner_id = '{other.id}'")
            with pytest.raises(ZeroDivisionError), atomic():
                Asset.delete().where(Asset.owner == user.id).execute()
                1 / 0  # noqa: B018
            assert counted(*owners) == there(*owners)
        row = Asset.get(Asset.owner == user.id)
        row.local_date_time = now()
        row.save()
        tally.compact(TimelineCount)
        assert counted(*owners) == there(*owners) != {}
        User.delete().where(User.id == other.id).execute()
        assert counted(*owners) == there(*owners) == there(user.id)


def test_what_users_do_counts_at_once(user: Caller) -> None:
    a, b = user.asset(fileCreatedAt="2017-04-01T10:00:00.000Z"), user.asset(fileCreatedAt="2017-05-01T10:00:00.000Z")

    def asked(**query: object) -> list[tuple[str, int]]:
        return [tuple(item.values()) for item in user.get("/timeline/buckets", **query).json]

    assert asked() == [("2017-05-01", 1), ("2017-04-01", 1)]
    user.put(f"/assets/{a}", {"dateTimeOriginal": "2016-12-31T23:00:00.000Z"})
    user.delete("/assets", {"ids": [b]})
    assert (asked(), asked(isTrashed="true")) == ([("2016-12-01", 1)], [("2017-05-01", 1)])
    user.post("/trash/restore/assets", {"ids": [b]})
    user.delete("/assets", {"ids": [a], "force": True})
    assert (asked(), asked(isTrashed="true")) == ([("2017-05-01", 1)], [])


def test_what_is_wrong_is_found_mended_and_told(server: Server, user: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with server.context():
        seed_assets(user.id, 30)
        right = counted(user.id)
        mine = TimelineCount.owner_id == user.id
        month = TimelineCount.select(fn.MIN(TimelineCount.month)).where(mine).scalar()
        TimelineCount.update(count=TimelineCount.count + 5).where(mine, TimelineCount.month == month).execute()
        TimelineCount.delete().where(mine, TimelineCount.month > "2020").execute()
        TimelineCount.insert(owner_id=user.id, visibility="timeline", is_trashed=True, is_favorite=False,
                             month="1999-01-01", count=3).execute()
        assert counted(user.id) != right
    server.run_job(counts.CHECK)
    with server.context():
        assert counted(user.id) == right
        # A row for each key again, from which it goes on.
        assert TimelineCount.select().where(mine).count() == len(right)
        Asset.delete().where(Asset.owner == user.id).execute()
        assert counted(user.id) == {}
    assert "were wrong, and were set right" in caplog.text
    caplog.clear()
    server.run_job(counts.CHECK)
    with server.context():
        assert TimelineCount.select().where(mine).count() == 0
    assert "were wrong" not in caplog.text


def test_assets_that_are_there_when_the_plugin_comes_are_counted(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"plugins.disabled": ["timeline"]})
    user = server.user()
    with server.context():
        seed_assets(user.id, 50)
        assert not TimelineCount.table_exists()
        import_module("plugins.timeline.migrations.0001_counts").up(None, server.database)
        assert counted(user.id) == there(user.id) != {}


@contextmanager
def connection(server: Server) -> Iterator[psycopg.Connection]:
    """One of its own to PostgreSQL, which gives up when it has to wait for another."""
    server.activate()
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    with server.database.open_apart() as own:
        own.autocommit = False
        own.execute("SET lock_timeout = '3s'")
        own.commit()
        yield own


def test_writers_neither_wait_for_each_other_nor_for_those_who_put_together(server: Server, user: Caller) -> None:
    with connection(server) as one, connection(server) as two, server.context():
        ids = seed_assets(user.id, 6)
        before = counted(user.id)
        for writer, first in ((one, 0), (two, 3)):
            # The same months, in opposite orders.
            writer.execute("UPDATE asset SET local_date_time = '2001-01-01Z' WHERE id = %s", (ids[first],))
            writer.execute("UPDATE asset SET local_date_time = '2002-01-01Z' WHERE id = %s", (ids[first + 1],))
        one.execute("UPDATE asset SET local_date_time = '2002-01-01Z' WHERE id = %s", (ids[2],))
        two.execute("UPDATE asset SET local_date_time = '2001-01-01Z' WHERE id = %s", (ids[5],))
        # One puts together and has not committed; another cannot, writes, and a reader sees what was before.
        one.execute("SELECT timeline_count_compact(NULL)")
        two.execute("SELECT timeline_count_compact(NULL)")
        two.execute("UPDATE asset SET deleted_at = now() WHERE id = ANY(%s::uuid[])", (ids[3:],))
        tally.compact(TimelineCount)
        assert counted(user.id) == before
        two.commit()
        assert counted(user.id) == there(user.id) != before
        one.commit()
        assert counted(user.id) == there(user.id)
        one.execute("SELECT timeline_count_compact(%s)", (user.id,))
        one.rollback()
        assert counted(user.id) == there(user.id)
        tally.compact(TimelineCount)
        assert counted(user.id) == there(user.id)
        assert TimelineCount.select().where(TimelineCount.owner_id == user.id).count() == len(there(user.id))


def test_in_an_older_snapshot_nobody_puts_together(server: Server, user: Caller) -> None:
    with connection(server) as old, server.context():
        ids = seed_assets(user.id, 4)
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        old.execute("SELECT 1 FROM asset")
        tally.compact(TimelineCount)
        old.execute("SELECT timeline_count_compact(NULL)")
        old.execute("DELETE FROM asset WHERE id = %s", (ids[0],))
        old.commit()
        assert counted(user.id) == there(user.id)


QUERIES = [
    {name: value for name, value in zip(("visibility", "isTrashed", "isFavorite", "withPartners", "withStacked", "userId"),
                                        values, strict=True) if value is not None}
    for values in product((None, "timeline", "archive", "locked", "hidden"), (None, True), (None, True, False),
                          (None, True), (None, True), (None, "self", "sharer"))]


@pytest.fixture(scope="module")
def libraries(server: Server) -> tuple[Caller, Caller]:
    """Somebody with assets of every kind, and one who shares such with him."""
    user, sharer = server.user(), server.user()
    with server.context():
        for caller in (user, sharer):
            ids = seed_assets(caller.id, 60)
            for at, visibility in enumerate(("timeline", "timeline", "archive", "locked", "hidden")):
                Asset.update(visibility=visibility).where(Asset.id.in_(many(ids[at::5]))).execute()
            Asset.update(is_favorite=True).where(Asset.id.in_(many(ids[::2]))).execute()
            for still, film in zip(ids[3::5], ids[4::5], strict=True):
                Asset.update(live_photo_video=film).where(Asset.id == still).execute()
            for at, status in enumerate(("trashed", "deleted")):
                Asset.update(deleted_at=now(), status=status).where(Asset.id.in_(many(ids[at::7]))).execute()
            for members in (ids[:6], ids[20:23], ids[40:45]):
                stack = Stack.create(owner=caller.id, primary_asset_id=members[0])
                Asset.update(stack_id=stack.id).where(Asset.id.in_(members)).execute()
    sharer.post("/partners", {"sharedWithId": user.id})
    user.put(f"/partners/{sharer.id}", {"inTimeline": True})
    return user, sharer


@pytest.mark.parametrize("who", ["session", "elevated", "api key", "sharer", "stranger", "link"])
def test_they_say_what_counting_says(libraries: tuple[Caller, Caller], monkeypatch: pytest.MonkeyPatch,
                                     server: Server, who: str) -> None:
    user, sharer = libraries
    caller = {"session": lambda: user, "elevated": user.elevated, "api key": lambda: user.api_key("all"),
              "sharer": lambda: sharer, "stranger": server.user,
              "link": lambda: user.link(user.asset())}[who]()
    queries = random.Random(who).sample(QUERIES, 120 if who == "elevated" else 30)
    quick = 0

    def ask(query: dict) -> tuple[int, Any]:
        forget()
        told = {**query, **({"userId": {"self": user, "sharer": sharer}[query["userId"]].id} if "userId" in query else {})}
        response = caller.get("/timeline/buckets", **{name: str(value).lower() for name, value in told.items()})
        return response.status_code, response.json

    for query in queries:
        with monkeypatch.context() as patch:
            looked: list[Any] = []
            patch.setattr(service, "_count", lambda *asked, count=service._count: looked.append(1) or count(*asked))
            known = ask(query)
            quick += known[0] == 200 and not looked
        with monkeypatch.context() as patch:
            patch.setattr(service, "_libraries", lambda *_: None)
            assert known == ask(query), query
    assert quick > len(queries) // 8 or who in ("link", "stranger"), "not by counting"


def test_a_library_is_told_without_a_look_at_it(server: Server, libraries: tuple[Caller, Caller], queries: Callable) -> None:
    user, _ = libraries
    for query in ({}, {"visibility": "timeline", "withPartners": "true"}, {"isTrashed": "true"}, {"isFavorite": "true"},
                  {"visibility": "archive"}):
        with queries() as sql:
            assert user.get("/timeline/buckets", **query).json
        assert [text for text in sql if "timeline_count" in text]
        assert [text for text in sql if '"asset"' in text] == []
