"""Who learns of which asset, and who changes it: each state of an asset × every operation × every kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from itertools import islice

import pytest
from werkzeug.test import TestResponse

from immich_flask.infra.db import atomic, db, is_sqlite
from immich_flask.infra.http.blueprint import Access
from tests.matrix.changes import CHANGES, ELSEWHERE
from tests.matrix.readings import READINGS, Request
from tests.matrix.test_each_plugin import BUILT_IN, needing
from tests.matrix.world import NO_METADATA, OWNERS, World

OUTSIDERS = {"nobody", "gone", "poor key of the owner", "expired link", "expired album link", "album link of gone"}

ABLE = {"owner", "owner elevated", "partner", "editor", "viewer", "stranger", "admin"}
"""Who might change something: the others are turned away at the door, which `tests/rules/test_access.py` sees to."""


UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def seen(world: World, operation: str, callers: Iterable[str] | None = None, *,
         most: int | None = None) -> dict[str, set[str]]:
    """Who saw each asset, by its name, when everybody (or `callers`) asked all questions of one operation, or `most` of
    them."""
    reading, access = READINGS[operation], access_to(world, operation)
    found: dict[str, set[str]] = {name: set() for name in world.assets}
    for name in sorted(callers or world.callers):
        # One question is enough for who stays outside the door.
        limit = most if comes_in(name, access) else 1
        for request in islice(reading.over(world), limit) if reading.over else ():
            for asset in search(world, reading.part(ask(world, name, request))):
                found[asset].add(name)
        for asset in islice(world.assets.values(), limit) if reading.of else ():
            for request in reading.of(asset):
                response = ask(world, name, request)
                if reading.tells(response) if reading.tells else response.status_code == 200:
                    found[asset.name].add(name)
                for other in search(world, response.data) - {asset.name}:
                    found[other].add(name)
    return found


def ask(world: World, name: str, request: Request) -> TestResponse:
    method, path, options = request
    response = world.callers[name].open(method, path, **options)
    assert response.status_code < 500, f"{name} {request}: {response.text}"
    return response


def access_to(world: World, operation: str) -> Access:
    return next(view.access for endpoint, view in world.server.app.view_functions.items()
                if endpoint.rpartition(".")[2] == operation)


def comes_in(name: str, access: Access) -> bool:
    """Whether the operation is open to such a caller at all, whatever it is about."""
    return name not in OUTSIDERS and (access.shared_link or "link" not in name)


def search(world: World, answer: bytes) -> set[str]:
    return {asset.name for asset in world.assets.values() if any(secret in answer for secret in asset.secrets)}


def wrong(world: World, operation: str, callers: Iterable[str] | None = None) -> list[str]:
    """What an operation tells to whom it should not, and what it does not tell; of `callers`, or of everybody."""
    reading = READINGS[operation]
    askers = {name for name in callers or world.callers if comes_in(name, access_to(world, operation))}
    with world.films() if reading.of_films else nullcontext():
        found = seen(world, operation, callers)
    lines = []
    for name, told in found.items():
        expected = reading.rule(world.assets[name]) & askers
        extra, missing = told - expected, set() if reading.at_most else expected - told
        if extra or missing:
            lines.append(f"{name}: leaks to {sorted(extra)}, kept from {sorted(missing)}")
    return lines


@pytest.mark.parametrize("operation", READINGS)
def test_who_reads(world: World, operation: str) -> None:
    lines = wrong(world, operation)
    assert not lines, "\n".join(lines)


class Undone(Exception):
    """Leaves a transaction behind."""


Rows = dict[str, list[str]]
"""All that is in the database, by table."""


def rows(tables: Iterable[str]) -> Rows:
    return {table: [str(row) for row in db.execute_sql(f'SELECT * FROM "{table}"').fetchall()] for table in tables}


def written(marks: int) -> set[str]:
    """The tables that may have been written in the current transaction, which found the connection at `marks`."""
    if is_sqlite():
        return set(db.get_tables()) if db.connection().total_changes() != marks else set()
    return {table for table, in db.execute_sql(
        "SELECT relname FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0").fetchall()}


def changed(world: World, name: str, request: Request, before: Rows) -> set[str]:
    """The assets that a request changes: those whose ids are in rows that came or went. It is taken back."""
    found: set[str] = set()
    with suppress(Undone), atomic():
        marks = db.connection().total_changes() if is_sqlite() else 0
        response = ask(world, name, request)
        if response.status_code < 400:
            for table, after in rows(written(marks)).items():
                if after != before[table]:
                    different = set(after) ^ set(before[table])
                    # An asset's own id comes first; its film's is in it as well.
                    ids = ({UUID.search(row)[0] for row in different} if table == "asset"
                           else set(UUID.findall(" ".join(different))))
                    # That an album got another cover changes nothing about that one, unless it was asked for.
                    found |= ids & set(UUID.findall(repr(request))) if table == "album" else ids
        raise Undone
    return {asset.name for asset in world.assets.values() if asset.id in found}


def wrongly_changed(world: World, operation: str, monkeypatch: pytest.MonkeyPatch,
                    callers: Iterable[str] = ABLE) -> list[str]:
    """What `callers` change that they should not, and what they cannot change that is theirs to."""
    change = CHANGES[operation]
    able: dict[str, set[str]] = {name: set() for name in world.assets}
    with world.server.context(), monkeypatch.context() as patched:
        # Requests join in the transaction that is rolled back after them.
        patched.setattr(world.server.database, "close", lambda: False)
        before = rows(db.get_tables())
        for asset in world.assets.values():
            for name in sorted(callers):
                # Of whatever is changed, not only of what was named.
                for other in changed(world, name, change.ask(world, name.removesuffix(" elevated"), asset), before):
                    able[other].add(name)
    expected = {name: change.rule(asset) & set(callers) for name, asset in world.assets.items()}
    return [f"{name}: changed by {sorted(able[name] - expected[name])}, kept from {sorted(expected[name] - able[name])}"
            for name in world.assets if able[name] != expected[name]]


@pytest.mark.parametrize("operation", CHANGES)
def test_who_changes(world: World, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = wrongly_changed(world, operation, monkeypatch)
    assert not lines, "\n".join(lines)


def operations(world: World) -> dict[str, tuple[str, str]]:
    """Method and path below `/api` by operationId, of all routes there are."""
    views = world.server.app.view_functions
    return {rule.endpoint.rpartition(".")[2]: (min(rule.methods - {"HEAD", "OPTIONS"}), rule.rule.removeprefix("/api"))
            for rule in world.server.app.url_map.iter_rules() if hasattr(views[rule.endpoint], "access")}


def without_row(world: World) -> set[str]:
    # A hidden twin is the same view under another method.
    there = {name for name in operations(world) if not name.endswith("_patch")}
    return there - (READINGS.keys() | CHANGES.keys() | ELSEWHERE)


def test_every_operation_has_its_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert without_row(world) == set(), "say in tests/matrix what it tells of assets, or does to them"
    assert (READINGS.keys() | CHANGES.keys() | ELSEWHERE) - operations(world).keys() == set()
    assert not ELSEWHERE & (READINGS.keys() | CHANGES.keys())
    monkeypatch.delitem(READINGS, "getMapMarkers")
    assert without_row(world) == {"getMapMarkers"}


def test_the_others_tell_nothing(world: World) -> None:
    """Whatever is read from operations that are not about assets, nobody is told of one, be it that he asks for it."""
    told = []
    for operation in sorted(ELSEWHERE):
        method, path = operations(world)[operation]
        if method != "GET":
            continue
        for asset in (world.assets["mine plain locked"], world.assets["mine album timeline"]):
            for name, value in (("asset", asset.id), ("user", world.users["owner"].id)):
                if name == "user" and "<" not in path:
                    continue
                where = re.sub("<[^>]+>", value, path)
                for caller in ("nobody", "owner", "viewer", "stranger", "admin", "link"):
                    query = {"id": asset.id, "albumId": world.shared_album}
                    answer = ask(world, caller, ("GET", where, {"query": query}))
                    shown = answer.data.replace(asset.id.encode(), b"")
                    told += [(operation, caller, other) for other in search(world, shown)]
    assert told == []


def test_links_without_metadata_tell_no_more_than_pictures(world: World) -> None:
    """No names, no places, no checksums, no texts: not to who comes by such a link, whatever he asks."""
    told = []
    for operation, reading in READINGS.items():
        for name in sorted(NO_METADATA):
            if not comes_in(name, access_to(world, operation)):
                continue
            requests = list(reading.over(world)) if reading.over else []
            for asset in world.assets.values() if reading.of else ():
                requests += reading.of(asset)
            for request in requests:
                answer = ask(world, name, request).data
                told += [(name, request, asset.name) for asset in world.assets.values()
                         if asset.prefix.encode() in answer or asset.checksum.encode() in answer]
    assert told == []


WITHOUT = {
    "partners": {"partner"},
    "albums": {"viewer", "album link"},
    "shared_links": {"album link", "link"},
}
"""Who has what he sees from a plugin alone."""


@pytest.mark.once
@pytest.mark.parametrize("plugin", BUILT_IN)
def test_switched_off_lends_nothing(world: World, plugin: str) -> None:
    """The same database and storage with a plugin off: who came by it sees what is his own, and nothing else. Of the
    other plugins none may be what keeps things from others."""
    bare = world.switched_off(sorted(needing(plugin)))
    by_it = WITHOUT.get(plugin, set())
    told = []
    for operation in READINGS.keys() & operations(bare).keys():
        rule = READINGS[operation].rule
        found = seen(bare, operation, by_it) if by_it else seen(bare, operation, {"stranger", "link"}, most=2)
        told += [(operation, name, asset) for asset, callers in found.items() for name in callers
                 - (OWNERS[bare.assets[asset].whose] if by_it else rule(bare.assets[asset]))]
    world.server.activate()
    assert told == []
