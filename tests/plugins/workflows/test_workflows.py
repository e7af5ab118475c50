"""Workflows, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_flask.testing import Caller, Server

NONE = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def made(caller: Caller, **values: Any) -> dict:
    response = caller.post("/workflows", {"trigger": "AssetCreate", **values})
    assert response.status_code == 201, response.text
    return response.json


def test_making_changing_and_removing(user: Caller) -> None:
    first = made(user, name="First", description="Does nothing")
    second = made(user, trigger="AssetMetadataExtraction", enabled=False, steps=[])
    assert (first["name"], first["enabled"], first["steps"]) == ("First", True, [])
    assert (second["name"], second["description"], second["enabled"]) == (None, None, False)
    assert user.get(f"/workflows/{first['id']}").json == first
    assert user.get(f"/workflows/{first['id']}/share").json == {
        "trigger": "AssetCreate", "name": "First", "description": "Does nothing", "steps": []}
    assert user.get("/workflows").json == [second, first] or first["createdAt"] == second["createdAt"]
    assert user.get("/workflows", trigger="AssetCreate").json == [first]
    assert user.get("/workflows", enabled="false").json == [second]
    assert user.get("/workflows", id=first["id"]).json == [first]
    changed = user.put(f"/workflows/{first['id']}", {"name": "Renamed", "enabled": False, "description": None}).json
    assert (changed["name"], changed["enabled"], changed["description"]) == ("Renamed", False, None)
    assert user.patch(f"/workflows/{first['id']}", {}).json == changed
    assert user.delete(f"/workflows/{first['id']}").status_code == 204
    assert refusal(user.get(f"/workflows/{first['id']}")) == (400, "Not found or no workflow.read access")


def test_there_are_no_steps(user: Caller) -> None:
    step = {"method": "nothing#here", "config": {}}
    assert refusal(user.post("/workflows", {"trigger": "AssetCreate", "steps": [step]})) == (
        400, "Unknown method nothing#here")
    assert user.get("/workflows").json == []
    mine = made(user, name="Mine")
    assert refusal(user.put(f"/workflows/{mine['id']}", {"name": "x", "steps": [step]})) == (
        400, "Unknown method nothing#here")
    assert user.get(f"/workflows/{mine['id']}").json == mine
    assert user.get("/plugins/methods").json == []


def test_nobody_else_knows_them(server: Server, user: Caller, other: Caller) -> None:
    at = f"/workflows/{made(user)['id']}"
    user.post("/partners", {"sharedWithId": other.id})
    for stranger in (other, server.admin):
        assert stranger.get("/workflows").json == []
        for method, path, permission in (("GET", at, "read"), ("GET", f"{at}/share", "read"), ("PUT", at, "update"),
                                         ("DELETE", at, "delete")):
            assert refusal(stranger.open(method, path, {} if method == "PUT" else None)) == (
                400, f"Not found or no workflow.{permission} access")
    assert user.get(at).status_code == 200


@pytest.mark.parametrize("body", [{}, {"trigger": "Never"}, {"trigger": "AssetCreate", "enabled": "yes"},
                                  {"trigger": "AssetCreate", "steps": [{"method": "a"}]},
                                  {"trigger": "AssetCreate", "name": 5}])
def test_bad_values(user: Caller, body: dict) -> None:
    assert refusal(user.post("/workflows", body)) == (400, "Validation failed")


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/workflows", "workflow.read"), ("POST", "/workflows", "workflow.create"),
    ("GET", f"/workflows/{NONE}", "workflow.read"), ("GET", f"/workflows/{NONE}/share", "workflow.read"),
    ("PUT", f"/workflows/{NONE}", "workflow.update"), ("DELETE", f"/workflows/{NONE}", "workflow.delete"),
])
def test_callers_without_the_right(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    assert refusal(server.nobody.open(method, path)) == (401, "Authentication required")
    assert refusal(user.api_key("asset.read").open(method, path)) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).open(method, path).status_code != 403


def test_triggers(user: Caller, server: Server) -> None:
    assert [item["trigger"] for item in user.api_key("asset.read").get("/workflows/triggers").json] == [
        "AssetCreate", "AssetMetadataExtraction"]
    assert server.nobody.get("/workflows/triggers").status_code == 401


def test_a_list_costs_one_query_however_long(user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            user.get("/workflows")
        return len(sql)

    made(user)
    cost()
    once = cost()
    for _ in range(5):
        made(user)
    # Now and then the configuration is looked at again.
    assert cost() <= once + 1
