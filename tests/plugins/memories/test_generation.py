"""Memories that come by themselves, and go."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from immich_flask.contracts.enums import JobName
from immich_flask.core.models import Asset, AssetFile, JobRow
from immich_flask.core.settings import forget_system_metadata, system_metadata
from immich_flask.infra.db import db, is_sqlite
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins.memories import generation
from plugins.memories.models import Memory, MemoryAsset

TODAY = date(2024, 6, 15)
AROUND = [TODAY + timedelta(days=offset) for offset in range(-3, 4)]


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    """Of its own: memories are made for everybody."""
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture(autouse=True)
def no_memories(server: Server, set_today: Callable[[date], None]) -> None:
    with server.context():
        Memory.delete().execute()
        forget_system_metadata(generation.STATE)
    set_today(TODAY)


@pytest.fixture
def set_today(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    return lambda day: monkeypatch.setattr(generation, "now", lambda: datetime.combine(day, time(12), UTC))


def taken(server: Server, caller: Caller, *moments: str, preview: bool = True, **columns: Any) -> list[str]:
    """Assets taken at these local times, without files."""
    ids = [str(uuid4()) for _ in moments]
    with server.context():
        Asset.insert_many([{
            "id": asset_id, "owner": caller.id, "type": "IMAGE", "checksum": uuid4().hex, "original_file_name": "a.jpg",
            "original_path": f"/{asset_id}.jpg", "storage_key": asset_id, "file_created_at": moment,
            "file_modified_at": moment, "local_date_time": moment, **columns}
            for asset_id, moment in zip(ids, moments, strict=True)]).execute()
        if preview:
            AssetFile.insert_many([{"asset": asset_id, "type": "preview", "storage_key": asset_id, "size_in_byte": 1}
                                   for asset_id in ids]).execute()
    return ids


def generate(server: Server) -> None:
    with server.context():
        generation.generate()


def memories(caller: Caller, **query: Any) -> dict[tuple[str, int], list[str]]:
    """`{(day on which it is shown, year): ids of assets}`."""
    found = caller.get("/memories", **query).json
    result = {(memory["showAt"][:10], memory["data"]["year"]): [asset["id"] for asset in memory["assets"]]
              for memory in found}
    assert len(result) == len(found), "a memory twice"
    return result


def test_a_memory_for_each_earlier_year(server: Server, user: Caller) -> None:
    early, late = taken(server, user, "2021-06-15T08:00:00.000Z", "2021-06-15T23:59:59.999Z")
    old, = taken(server, user, "1999-06-15T00:00:00.000Z")
    taken(server, user, "2024-06-15T10:00:00.000Z", "2025-06-15T10:00:00.000Z", "2021-06-11T10:00:00.000Z",
          "2021-06-19T00:00:00.000Z")
    first, last = taken(server, user, "2020-06-12T00:00:00.000Z", "2020-06-18T23:00:00.000Z")
    generate(server)
    assert memories(user) == {("2024-06-15", 2021): [early, late], ("2024-06-15", 1999): [old],
                              ("2024-06-12", 2020): [first], ("2024-06-18", 2020): [last]}
    memory, = [each for each in user.get("/memories").json if each["data"] == {"year": 2021}]
    assert {name: memory[name] for name in ("type", "memoryAt", "showAt", "hideAt", "isSaved")} == {
        "type": "on_this_day", "memoryAt": "2021-06-15T00:00:00.000Z", "showAt": "2024-06-15T00:00:00.000Z",
        "hideAt": "2024-06-15T23:59:59.999Z", "isSaved": False}
    assert list(memories(user, **{"for": "2024-06-15"})) == [("2024-06-15", 2021), ("2024-06-15", 1999)]


def test_what_is_not_remembered(server: Server, user: Caller) -> None:
    moment = "2020-06-15T10:00:00.000Z"
    for visibility in ("archive", "hidden", "locked"):
        taken(server, user, moment, visibility=visibility)
    taken(server, user, moment, deleted_at=now(), status="trashed")
    taken(server, user, moment, preview=False)
    generate(server)
    assert user.get("/memories/statistics").json == {"total": 0}


def test_uploads_are_remembered_by_their_local_day(server: Server, user: Caller) -> None:
    asset = user.asset(fileCreatedAt="2019-06-15T20:00:00.000Z")
    generate(server)
    assert memories(user) == {("2024-06-15", 2019): [asset]}


def test_of_many_some_are_taken_evenly(server: Server, user: Caller) -> None:
    ids = taken(server, user, *(f"2020-06-15T0{minute // 10}:0{minute % 10}:00.000Z" for minute in range(100)))
    taken(server, user, *(f"2021-06-15T00:00:{second:02}.000Z" for second in range(20)))
    generate(server)
    kept = memories(user)
    assert kept["2024-06-15", 2020] == ids[::5]
    assert len(kept["2024-06-15", 2021]) == 20


@pytest.mark.parametrize(("today", "years"), [(date(2024, 2, 29), [2020, 2016]), (date(2023, 2, 28), [])])
def test_leap_days_are_remembered_in_leap_years(server: Server, user: Caller, set_today: Callable, today: date,
                                                years: list[int]) -> None:
    taken(server, user, "2016-02-29T10:00:00.000Z", "2020-02-29T10:00:00.000Z")
    set_today(today)
    generate(server)
    assert [year for _, year in memories(user)] == years


def test_odd_dates(server: Server, user: Caller) -> None:
    taken(server, user, "0001-06-15T10:00:00.000Z", "1825-06-15T10:00:00.000Z", "9999-06-15T10:00:00.000Z")
    old, = taken(server, user, "1826-06-15T10:00:00.000Z")
    generate(server)
    assert memories(user) == {("2024-06-15", 1826): [old]}


def test_each_day_is_done_once(server: Server, user: Caller, set_today: Callable) -> None:
    taken(server, user, *(f"2020-06-{day:02}T10:00:00.000Z" for day in range(1, 30)))
    generate(server)
    first = {(str(day), 2020) for day in AROUND}
    assert set(memories(user)) == first
    generate(server)
    assert set(memories(user)) == first
    set_today(TODAY + timedelta(days=1))
    generate(server)
    assert set(memories(user)) == first | {("2024-06-19", 2020)}
    gone = user.get("/memories", **{"for": "2024-06-15"}).json[0]["id"]
    assert user.delete(f"/memories/{gone}").status_code == 204
    set_today(TODAY - timedelta(days=2))
    generate(server)
    assert set(memories(user)) == (first | {("2024-06-19", 2020)}) - {("2024-06-15", 2020)}
    set_today(TODAY + timedelta(days=10))
    generate(server)
    assert [day for day, _ in memories(user, order="asc")][-1] == "2024-06-28"


def test_everybody_has_his_own(server: Server, user: Caller, other: Caller) -> None:
    mine, = taken(server, user, "2020-06-15T10:00:00.000Z")
    theirs, = taken(server, other, "2020-06-15T10:00:00.000Z")
    deleted = server.user(deleted_at=now(), status="deleted")
    taken(server, deleted, "2020-06-15T10:00:00.000Z")
    generate(server)
    assert (memories(user), memories(other)) == ({("2024-06-15", 2020): [mine]}, {("2024-06-15", 2020): [theirs]})
    with server.context():
        assert not Memory.select().where(Memory.owner == deleted.id).exists()


def test_goes_on_where_it_was_killed(make_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server()
    monkeypatch.setattr(generation, "USERS_AT_ONCE", 2)
    users = sorted((server.user() for _ in range(4)), key=lambda caller: caller.id)
    for caller in users:
        taken(server, caller, "2020-06-14T10:00:00.000Z", "2020-06-15T10:00:00.000Z")
    make, made = generation._make, []

    def killed(user_id: str, day: date) -> None:
        make(user_id, day)
        if user_id == users[3].id and day == TODAY and not made:
            made.append(user_id)
            raise KeyboardInterrupt

    monkeypatch.setattr(generation, "_make", killed)
    with pytest.raises(KeyboardInterrupt):
        generate(server)
    assert [("2024-06-15", 2020) in memories(caller) for caller in users] == [True, True, False, False]
    gone = users[0].get("/memories", **{"for": "2024-06-14"}).json[0]["id"]
    users[0].delete(f"/memories/{gone}")
    generate(server)
    assert [len(memories(caller)) for caller in users] == [1, 2, 2, 2]


def test_two_at_once_make_nothing_twice(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "USERS_AT_ONCE", 2)
    users = [server.user() for _ in range(6)]
    for caller in users:
        taken(server, caller, "2019-06-15T10:00:00.000Z", "2020-06-15T10:00:00.000Z")
    with ThreadPoolExecutor(3) as threads:
        for future in [threads.submit(generate, server) for _ in range(3)]:
            future.result()
    assert [set(memories(caller)) for caller in users] == [{("2024-06-15", 2019), ("2024-06-15", 2020)}] * 6
    with server.context():
        assert system_metadata(generation.STATE) == {"day": "2024-06-19", "userId": None}


def test_costs_the_same_for_any_library(server: Server, user: Caller, other: Caller, queries: Callable) -> None:
    def cost(caller: Caller) -> int:
        with server.context(), queries() as sql:
            generation._make(caller.id, TODAY)
        return len(sql)

    taken(server, user, "2020-06-15T10:00:00.000Z")
    taken(server, other, *(f"{year}-06-15T1{hour}:00:00.000Z" for year in range(1980, 2024) for hour in range(5)))
    assert cost(user) == cost(other) < 10
    assert len(memories(other)) == 44


def test_looks_at_nothing_but_the_days(server: Server, user: Caller) -> None:
    if not is_sqlite():
        pytest.skip("PostgreSQL decides by what is in the tables")
    with server.context():
        text, parameters = generation._taken_on(user.id, TODAY).sql()
        plan = [row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()]
    assert plan[0] == ("SEARCH t1 USING INDEX asset_owner_id_local_date_time "
                       "(owner_id=? AND local_date_time>? AND local_date_time<?)")


def test_old_ones_go_unless_they_are_saved(server: Server, user: Caller) -> None:
    asset, archived = user.asset(), user.asset()

    def make(age: int, **fields: Any) -> str:
        body = {"type": "on_this_day", "data": {"year": 2021}, "memoryAt": "2021-06-15T00:00:00.000Z",
                "assetIds": [asset, archived], **fields}
        memory = user.post("/memories", body).json["id"]
        with server.context():
            moment = datetime.combine(TODAY, time(12), UTC) - timedelta(days=age, minutes=1)
            Memory.update(created_at=moment).where(Memory.id == memory).execute()
        return memory

    old, saved, young = make(30), make(300, isSaved=True), make(29)
    user.put("/assets", {"ids": [archived], "visibility": "archive"})
    with server.context():
        generation.clean_up()
        assert {(row.memory_id, row.asset_id) for row in MemoryAsset.select()} == {(saved, asset), (young, asset)}
    assert {memory["id"] for memory in user.get("/memories").json} == {saved, young}
    assert user.get(f"/memories/{old}").status_code == 400


def test_the_clean_up_works_through_any_number(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "PORTION", 2)
    long_ago = now() - timedelta(days=3000)
    with server.context():
        Memory.insert_many([{"owner": user.id, "data": {"year": 2021}, "memory_at": long_ago, "created_at": long_ago}
                            for _ in range(7)]).execute()
        generation.clean_up()
        assert not Memory.select().exists()


def test_begun_by_hand_and_by_night(server: Server, user: Caller) -> None:
    taken(server, user, "2020-06-15T10:00:00.000Z")
    assert server.admin.post("/jobs", {"name": "memory-create"}).status_code == 204
    assert set(memories(user)) == {("2024-06-15", 2020)}
    assert server.admin.post("/jobs", {"name": "memory-cleanup"}).status_code == 204
    with server.context():
        assert not JobRow.select().where(JobRow.name.startswith("Memory")).exists()
    for switch, job in (("generateMemories", JobName.MEMORY_GENERATE), ("databaseCleanup", JobName.MEMORY_CLEANUP)):
        config = server.admin.get("/system-config").json
        for is_on, line in ((False, None), (True, "0 0 * * *")):
            config["nightlyTasks"][switch] = is_on
            assert server.admin.put("/system-config", config).status_code == 200
            with server.context():
                assert server.runtime.jobs[job].cron() == line
