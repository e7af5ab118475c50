"""Making, finding, changing and deleting memories, over HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.testing import Caller, Server
from plugins.memories.models import Memory, MemoryAsset
from tests.effort import effort

UNKNOWN = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
BASE = {"type": "on_this_day", "data": {"year": 2021}, "memoryAt": "2021-06-15T00:00:00.000Z"}


def make(caller: Caller, *assets: str, **fields: Any) -> str:
    response = caller.post("/memories", {**BASE, "assetIds": list(assets), **fields})
    assert response.status_code == 201, response.text
    return response.json["id"]


def shown(caller: Caller, memory: str) -> list[str]:
    response = caller.get(f"/memories/{memory}")
    assert response.status_code == 200, response.text
    return [asset["id"] for asset in response.json["assets"]]


def found(caller: Caller, **query: Any) -> list[str]:
    response = caller.get("/memories", **query)
    assert response.status_code == 200, response.text
    return [memory["id"] for memory in response.json]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_a_memory_and_what_is_in_it(user: Caller) -> None:
    late = user.asset(fileCreatedAt="2021-06-15T18:00:00.000Z")
    early = user.asset(fileCreatedAt="2021-06-15T08:00:00.250Z")
    made = user.post("/memories", {**BASE, "assetIds": [late, early, UNKNOWN], "unknown": 1}).json
    assert [asset["id"] for asset in made["assets"]] == [early, late]
    assert (made["ownerId"], made["isSaved"], made["data"]) == (user.id, False, {"year": 2021})
    assert not {"deletedAt", "seenAt", "showAt", "hideAt"} & made.keys()
    assert made["assets"][0]["localDateTime"] == "2021-06-15T08:00:00.25+00:00"
    assert made["assets"][1]["fileCreatedAt"] == "2021-06-15T18:00:00+00:00"
    assert user.get(f"/memories/{made['id']}").json == made


def test_what_is_set_is_told(user: Caller) -> None:
    times = {"seenAt": "2024-01-01T12:00:00.000Z", "showAt": "2024-06-15T00:00:00.000Z",
             "hideAt": "2024-06-15T23:59:59.999Z"}
    made = user.post("/memories", {**BASE, **times, "isSaved": True, "memoryAt": "2021-06-15T02:00:00+02:00"}).json
    assert {name: made[name] for name in times} == times
    assert (made["isSaved"], made["memoryAt"]) == (True, "2021-06-15T00:00:00.000Z")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_changing(user: Caller, method: str) -> None:
    memory = make(user, user.asset())
    before = user.get(f"/memories/{memory}").json
    after = user.open(method, f"/memories/{memory}", {"isSaved": True, "seenAt": "2024-02-03T04:05:06.789Z"}).json
    assert after == {**before, "isSaved": True, "seenAt": "2024-02-03T04:05:06.789Z", "updatedAt": after["updatedAt"]}
    assert after["updatedAt"] >= before["updatedAt"]
    assert user.open(method, f"/memories/{memory}", {"memoryAt": "2020-01-01T00:00:00Z"}).json["memoryAt"] == (
        "2020-01-01T00:00:00.000Z")
    for body in ({}, {"data": {"year": 2000}}):
        response = user.open(method, f"/memories/{memory}", body)
        assert (response.status_code, response.json["errors"][0]["path"]) == (400, [])


def test_deleting(server: Server, user: Caller) -> None:
    asset = user.asset()
    memory = make(user, asset)
    assert user.delete(f"/memories/{memory}").status_code == 204
    assert refusal(user.get(f"/memories/{memory}")) == (400, "Not found or no memory.read access")
    assert refusal(user.delete(f"/memories/{memory}")) == (400, "Not found or no memory.delete access")
    assert user.get(f"/assets/{asset}").status_code == 200
    with server.context():
        assert not MemoryAsset.select().where(MemoryAsset.asset == asset).exists()


@pytest.mark.parametrize(("method", "path", "permission", "names"), [
    ("GET", "/memories", "memory.read", None), ("POST", "/memories", "memory.create", None),
    ("GET", "/memories/statistics", "memory.statistics", None), ("GET", "/memories/{id}", "memory.read", "memory.read"),
    ("PUT", "/memories/{id}", "memory.update", "memory.update"),
    ("PATCH", "/memories/{id}", "memory.update", "memory.update"),
    ("DELETE", "/memories/{id}", "memory.delete", "memory.delete"),
    ("PUT", "/memories/{id}/assets", "memoryAsset.create", "memory.read"),
    ("DELETE", "/memories/{id}/assets", "memoryAsset.delete", "memory.update"),
])
def test_callers(server: Server, user: Caller, other: Caller, method: str, path: str, permission: str,
                 names: str | None) -> None:
    asset = user.asset()
    memory = make(user, asset)
    path = path.format(id=memory)
    body = {**BASE, "ids": [asset], "isSaved": True} if method != "GET" else None
    assert refusal(server.nobody.open(method, path, body)) == (401, "Authentication required")
    assert refusal(user.api_key("asset.read").open(method, path, body)) == (
        403, f"Missing required permission: {permission}")
    if names:
        for stranger in (other, server.admin, other.elevated(), other.api_key("all")):
            assert refusal(stranger.open(method, path, body)) == (400, f"Not found or no {names} access")
        unknown = path.replace(memory, UNKNOWN)
        assert refusal(user.open(method, unknown, body)) == (400, f"Not found or no {names} access")
    assert user.api_key(permission).open(method, path, body).status_code < 300


def test_a_link_sees_no_memories(user: Caller) -> None:
    asset = user.asset()
    memory = make(user, asset)
    key = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [asset]}).json["key"]
    for path in ("/memories", f"/memories/{memory}"):
        assert refusal(Caller(user.server, {}).get(path, key=key)) == (403, "Forbidden")


@pytest.mark.parametrize("change", [
    {"type": None}, {"type": "yesterday"}, {"data": None}, {"data": {}}, {"data": {"year": "2021"}},
    {"data": {"year": 999}}, {"data": {"year": 10_000}}, {"data": {"year": 2021.5}}, {"memoryAt": "2021-06-15"},
    {"memoryAt": None}, {"assetIds": ["x"]}, {"assetIds": UNKNOWN}, {"isSaved": "true"}, {"seenAt": None},
    {"showAt": "now"}, {"hideAt": 5},
])
def test_what_cannot_be_made(server: Server, user: Caller, change: dict) -> None:
    response = user.post("/memories", {**BASE, **change})
    assert refusal(response) == (400, "Validation failed")
    assert response.json["errors"][0]["path"][0] == next(iter(change))
    assert user.get("/memories/statistics").json == {"total": 0}


@pytest.mark.parametrize("query", [
    {"for": "15.6.2024"}, {"for": "2024-06-15T00:00:00.000Z"}, {"for": "2024-02-30"}, {"type": "x"}, {"order": "up"},
    {"size": "0"}, {"size": "two"}, {"size": "1.5"}, {"isSaved": "1"}, {"isTrashed": ""},
])
def test_what_cannot_be_asked(user: Caller, query: dict) -> None:
    for path in ("/memories", "/memories/statistics"):
        assert refusal(user.get(path, **query)) == (400, "Validation failed")


def test_of_a_bad_body_and_a_bad_id_the_body_is_named(user: Caller) -> None:
    for body, path in (({}, []), ({"isSaved": 1}, ["isSaved"]), ({"isSaved": True}, ["id"])):
        assert [issue["path"] for issue in user.put("/memories/none", body).json["errors"]] == [path]


def test_searching(user: Caller) -> None:
    asset = user.asset()
    always = make(user, asset)
    day = make(user, asset, memoryAt="2022-06-15T00:00:00.000Z", showAt="2024-06-15T00:00:00.000Z",
               hideAt="2024-06-15T23:59:59.999Z", isSaved=True)
    since = make(user, asset, memoryAt="2019-06-15T00:00:00.000Z", showAt="2024-06-20T00:00:00.000Z")
    until = make(user, asset, memoryAt="2020-06-15T00:00:00.000Z", hideAt="2024-06-10T00:00:00.000Z")
    empty = make(user, memoryAt="2023-06-15T00:00:00.000Z")
    assert found(user) == found(user, order="desc") == found(user, type="on_this_day") == [day, always, until, since]
    assert found(user, order="asc") == [since, until, always, day]
    assert sorted(found(user, order="random")) == sorted(found(user))
    for moment, expected in {"2024-06-15": [day, always], "2024-06-10": [always, until], "2024-06-30": [always, since],
                             "2024-06-14": [always], "2024-06-16": [always]}.items():
        assert found(user, **{"for": moment}) == expected
        assert user.get("/memories/statistics", **{"for": moment}).json == {"total": len(expected) + 1}
    assert found(user, isSaved="true") == [day] == found(user, size=2, isTrashed="false")
    assert found(user, isSaved="false") == [always, until, since]
    assert found(user, isTrashed="true") == []
    assert found(user, size=2**53 - 1) == found(user)
    assert user.get("/memories/statistics").json == {"total": 5}
    assert shown(user, empty) == []


def test_what_left_the_timeline_is_not_shown(user: Caller) -> None:
    elevated = user.elevated()
    stays, archived, locked, trashed, hidden, gone = assets = [user.asset() for _ in range(6)]
    memory = make(user, *assets)
    assert set(shown(user, memory)) == set(assets)
    for asset, visibility in ((archived, "archive"), (locked, "locked"), (hidden, "hidden")):
        assert user.put("/assets", {"ids": [asset], "visibility": visibility}).status_code == 204
    user.delete("/assets", {"ids": [trashed]})
    user.delete("/assets", {"ids": [gone], "force": True})
    assert shown(user, memory) == shown(elevated, memory) == [stays]
    user.post("/trash/restore/assets", {"ids": [trashed]})
    user.put("/assets", {"ids": [archived], "visibility": "timeline"})
    assert set(shown(user, memory)) == {stays, archived, trashed}
    user.delete("/assets", {"ids": [stays, archived, trashed], "force": True})
    assert (found(user), user.get("/memories/statistics").json) == ([], {"total": 1})


def test_assets_go_in_and_out_one_by_one(user: Caller, other: Caller) -> None:
    red, blue, grey = user.asset(), user.asset(), user.asset()
    theirs = other.asset()
    memory = make(user, red)
    path = f"/memories/{memory}/assets"
    assert user.put(path, {"ids": [red, blue, theirs, UNKNOWN, grey, grey]}).json == [
        {"id": red, "success": False, "error": "duplicate"}, {"id": blue, "success": True},
        {"id": theirs, "success": False, "error": "no_permission"},
        {"id": UNKNOWN, "success": False, "error": "no_permission"},
        {"id": grey, "success": True}, {"id": grey, "success": False, "error": "duplicate"}]
    assert set(shown(user, memory)) == {red, blue, grey}
    assert user.delete(path, {"ids": [blue, theirs, blue]}).json == [
        {"id": blue, "success": True}, {"id": theirs, "success": False, "error": "not_found"},
        {"id": blue, "success": False, "error": "not_found"}]
    assert set(shown(user, memory)) == {red, grey}
    for method in ("PUT", "DELETE"):
        assert user.open(method, path, {"ids": []}).json == []
        for body in ({}, {"ids": None}, {"ids": ["x"]}):
            assert refusal(user.open(method, path, body)) == (400, "Validation failed")


def test_a_memory_changes_with_what_is_in_it(server: Server, user: Caller) -> None:
    asset = user.asset()
    memory = make(user)

    def version() -> str:
        with server.context():
            return Memory.get_by_id(memory).update_id

    seen = [version()]
    for method in ("PUT", "DELETE"):
        for is_news in (True, False):
            user.open(method, f"/memories/{memory}/assets", {"ids": [asset]})
            assert (version() != seen[-1]) is is_news
            seen.append(version())


def test_ten_thousand_ids(server: Server, user: Caller, queries: Callable) -> None:
    assets = [user.asset() for _ in range(3)]
    memory = make(user)
    rnd = random.Random(7)
    ids = [f"{rnd.getrandbits(32):08x}-0000-4000-8000-{rnd.getrandbits(48):012x}" for _ in range(9_997)] + assets
    path = f"/memories/{memory}/assets"
    for method, refused in (("PUT", "no_permission"), ("DELETE", "not_found")):
        with queries() as sql:
            results = user.open(method, path, {"ids": ids}).json
        assert len(sql) < 20
        assert [result["id"] for result in results] == ids
        assert [result.get("error") for result in results] == [refused] * 9_997 + [None] * 3
    assert user.post("/memories", {**BASE, "assetIds": ids}).status_code == 201


def test_the_list_costs_the_same_however_long(user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            assert user.get("/memories").status_code == 200
        return len(sql)

    assets = [user.asset() for _ in range(3)]
    make(user, assets[0])
    one = cost()
    for _ in range(20):
        make(user, *assets)
    assert (cost(), len(found(user))) == (one, 21)


def test_what_a_partner_shows_can_be_remembered_until_it_is_withdrawn(user: Caller, other: Caller) -> None:
    mine, theirs, archived = user.asset(), other.asset(), other.asset()
    other.put("/assets", {"ids": [archived], "visibility": "archive"})
    other.post("/partners", {"sharedWithId": user.id})
    memory = make(user, mine, theirs, archived)
    alone = make(user, theirs)
    assert set(shown(user, memory)) == {mine, theirs}
    other.put("/assets", {"ids": [theirs], "isFavorite": True})
    assert not any(asset["isFavorite"] for asset in user.get(f"/memories/{memory}").json["assets"])
    for visibility, expected in (("archive", {mine}), ("timeline", {mine, theirs}), ("locked", {mine})):
        other.elevated().put("/assets", {"ids": [theirs], "visibility": visibility})
        assert set(shown(user, memory)) == expected
    other.elevated().put("/assets", {"ids": [theirs], "visibility": "timeline"})
    assert set(found(user)) == {memory, alone}
    other.delete(f"/partners/{user.id}")
    assert (shown(user, memory), found(user)) == ([mine], [memory])


def test_seeing_is_not_sharing(user: Caller, other: Caller) -> None:
    """Members of an album see what is in it, but may not pass it on."""
    theirs = other.asset()
    album = other.post("/albums", {"albumName": "a", "assetIds": [theirs],
                                   "albumUsers": [{"userId": user.id, "role": "editor"}]})
    assert album.status_code == 201
    memory = make(user, theirs)
    assert shown(user, memory) == []
    assert user.put(f"/memories/{memory}/assets", {"ids": [theirs]}).json[0]["error"] == "no_permission"


def test_switched_off_and_on_again(make_server: Callable[..., Server]) -> None:
    whole, without = make_server(), make_server(**{"plugins.disabled": ["memories"]})
    without.database.close_all()
    without.database = whole.database
    user = whole.user()
    kept, gone = user.asset(), user.asset()
    memory = make(user, kept, gone)
    assert user.get("/users/me/preferences").json["memories"] == {"enabled": True, "duration": 5}
    user.server = without
    assert refusal(user.get("/memories")) == (404, "Cannot GET /api/memories")
    assert user.get("/users/me/preferences").json["memories"] == {"enabled": False, "duration": 5}
    assert user.delete("/assets", {"ids": [gone], "force": True}).status_code == 204
    user.server = whole
    assert shown(user, memory) == [kept]


class Memories(RuleBasedStateMachine):
    """What is in one memory, whatever happens to it and to the assets."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.user = self.server.user().elevated()
        self.memory = make(self.user)
        self.inside: set[str] = set()
        self.state: dict[str, str] = {self.user.asset(): "timeline" for _ in range(3)}

    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.state)) | st.just(UNKNOWN), max_size=4))
        results = self.user.put(f"/memories/{self.memory}/assets", {"ids": ids}).json
        assert {result["id"] for result in results if result["success"]} == set(ids) - self.inside - self.unfit()
        self.inside |= set(ids) - self.unfit()

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.state)), max_size=3))
        results = self.user.delete(f"/memories/{self.memory}/assets", {"ids": ids}).json
        assert {result["id"] for result in results if result["success"]} == set(ids) & self.inside
        self.inside -= set(ids)

    @rule(data=st.data(), visibility=st.sampled_from(["timeline", "archive", "locked"]))
    def move(self, data: st.DataObject, visibility: str) -> None:
        asset = data.draw(st.sampled_from(sorted(self.state)))
        self.user.put("/assets", {"ids": [asset], "visibility": visibility})
        self.state[asset] = visibility

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        asset = data.draw(st.sampled_from(sorted(self.state)))
        self.user.delete("/assets", {"ids": [asset], "force": True})
        del self.state[asset]
        self.inside.discard(asset)
        self.state[self.user.asset()] = "timeline"

    def unfit(self) -> set[str]:
        """What may not be shared."""
        return {UNKNOWN, *(asset for asset, state in self.state.items() if state == "locked")}

    @invariant()
    def it_shows_what_is_in_it_and_in_the_timeline(self) -> None:
        if hasattr(self, "inside"):
            assert set(shown(self.user, self.memory)) == {
                asset for asset in self.inside if self.state[asset] == "timeline"}


def test_whatever_happens(server: Server) -> None:
    class Machine(Memories):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(5, steps=12))
