"""No search reads the whole table of assets: what it is asked for is found by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from immich_flask.infra.db import db, is_sqlite
from immich_flask.infra.unchanged import forget
from immich_flask.testing import Caller, Server
from plugins.search import index, narrow
from tests.benchmarks.seed import seed_assets

TABLE = re.compile(r'"(?:asset|asset_exif|search_text)" AS "(t\d+)"')
SCAN = re.compile(r"SCAN (t\d+)\b(?! USING COVERING INDEX asset_exif_position)")


def scans(steps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those steps that read a large table from one end to the other."""
    return [(sql, step) for sql, step in steps if (found := SCAN.match(step)) and found[1] in TABLE.findall(sql)]


@pytest.fixture(scope="module")
def library(make_server: Callable[..., Server]) -> Caller:
    server = make_server()
    user, partner = server.user(), server.user()
    with server.context():
        if not is_sqlite():
            pytest.skip("PostgreSQL decides by what is in the tables")
        seed_assets(user.id, 3000)
        seed_assets(partner.id, 1000)
        index.refresh()
    partner.post("/partners", {"sharedWithId": user.id})
    user.put(f"/partners/{partner.id}", {"inTimeline": True})
    return user


def plans(caller: Caller, method: str, path: str, body: Any = None) -> Iterator[tuple[str, str]]:
    """(statement, step of its plan) for all that a request asks the database."""
    asked: list[tuple[str, Any]] = []
    caller.server.activate()
    forget()
    hooks = caller.server.database.query_hooks
    hooks.append(lambda event: asked.append((event.sql, event.params)))
    try:
        response = caller.open(method, path, body)
        assert response.status_code == 200, response.text
    finally:
        hooks.pop()
    with caller.server.context():
        for sql, parameters in asked:
            if sql.startswith(("SELECT", "WITH")):
                for *_, step in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall():
                    yield sql, step


@pytest.mark.parametrize("few", [narrow.FEW, 0])
@pytest.mark.parametrize("body", [
    {}, {"visibility": "timeline"}, {"order": "asc", "page": 2}, {"takenAfter": "2019-01-01T00:00:00Z"},
    {"city": "City 5"}, {"make": "Apple"}, {"make": None}, {"model": "EOS R5", "country": "Country 1"}, {"rating": 3},
    {"originalFileName": "IMG_00"}, {"description": "家族旅"}, {"originalPath": "2019-05"}, {"visibility": "archive"},
    {"visibility": "hidden"}, {"isFavorite": True}, {"isMotion": True}, {"createdAfter": "2020-01-01T00:00:00Z"},
    {"trashedAfter": "2020-01-01T00:00:00Z"}, {"id": "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"}, {"isNotInAlbum": True},
    {"withStacked": False, "withExif": True}, {"tagIds": None},
], ids=str)
def test_metadata(library: Caller, monkeypatch: pytest.MonkeyPatch, body: dict, few: int) -> None:
    monkeypatch.setattr(narrow, "FEW", few)
    steps = list(plans(library, "POST", "/search/metadata", body))
    assert scans(steps) == []
    assert not any("json_each" not in sql and "asset" in sql and "TEMP B-TREE FOR ORDER BY" in step
                   for sql, step in steps if "UNION" not in sql)


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/search/random"), ("POST", "/search/statistics"), ("POST", "/search/large-assets"),
    ("GET", "/search/explore"), ("GET", "/search/cities"), ("GET", "/search/suggestions?type=city&country=Country%201"),
    ("GET", "/search/suggestions?type=camera-make"), ("GET", "/search/suggestions?type=camera-lens-model&make=Apple"),
    ("GET", "/map/markers"), ("GET", "/map/markers?withPartners=true"), ("GET", "/timeline/buckets"),
    ("GET", "/timeline/buckets?visibility=timeline&withPartners=true&withStacked=true"),
    ("GET", "/timeline/buckets?bbox=1,30,2,32"), ("GET", "/timeline/bucket?timeBucket=2019-05-01"),
    ("GET", "/timeline/bucket?timeBucket=2019-05-01&visibility=timeline&withPartners=true&withStacked=true"),
])
def test_everything_else(library: Caller, method: str, path: str) -> None:
    steps = list(plans(library, method, path, {} if method == "POST" else None))
    assert scans(steps) == []


def test_months_of_libraries_are_known_without_a_look_at_their_assets(library: Caller) -> None:
    steps = [(sql, step) for sql, step in plans(
        library, "GET", "/timeline/buckets?visibility=timeline&withPartners=true&withStacked=true")
             if "timeline_count" in sql or '"asset" AS' in sql]
    assert any("timelinecount_owner_id" in step for _, step in steps)
    of_assets = [step for sql, step in steps if '"asset" AS' in sql]
    assert sum("asset_stacked" in step for step in of_assets) == 2, "of the two libraries what is in stacks"
    assert not any("asset_timeline" in step or "TEMP B-TREE" in step for step in of_assets)


def test_other_months_are_counted_in_their_index(library: Caller) -> None:
    steps = [step for _, step in plans(library, "GET", "/timeline/buckets?visibility=hidden&withStacked=true")]
    assert any("asset_timeline" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("path", ["/search/statistics", "/search/random"])
def test_all_of_a_library_is_walked_in_an_index_that_tells_enough(library: Caller, path: str) -> None:
    steps = [step for sql, step in plans(library, "POST", path, {}) if "COUNT(*)" in sql or "RANDOM" in sql]
    # Of one's own, and of a partner's.
    assert sum("asset_timeline (owner_id=? AND visibility=?)" in step for step in steps) == 2
    assert not any("asset_owner_id" in step for step in steps)


def test_the_test_notices(library: Caller) -> None:
    with library.server.context():
        query = 'SELECT * FROM "asset_exif" AS "t2" WHERE iso = 100'
        plan = db.execute_sql(f"EXPLAIN QUERY PLAN {query}").fetchall()
    assert scans([(query, step) for *_, step in plan])
