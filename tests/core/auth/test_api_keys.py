"""`/api/api-keys`, and that no key gives away more than it has."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from immich_flask.contracts.permissions import Permission, grants
from immich_flask.core.auth.secrets import digest
from immich_flask.core.models import ApiKey
from immich_flask.testing.callers import Caller, Server

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
NOT_FOUND = (400, "API Key not found")


def said(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def make(caller: Caller, *permissions: str, name: str = "k") -> dict:
    response = caller.post("/api-keys", {"name": name, "permissions": list(permissions)})
    assert response.status_code == 201, response.text
    return response.json


def test_create(server: Server, user: Caller) -> None:
    made = make(user, "asset.upload", "asset.read", name="Laptop")
    assert list(made) == ["secret", "apiKey"]
    assert re.fullmatch(r"[A-Za-z0-9]{30,44}", made["secret"])
    key = made["apiKey"]
    assert list(key) == ["id", "name", "createdAt", "updatedAt", "permissions"]
    assert (key["name"], key["permissions"], key["createdAt"]) == (
        "Laptop", ["asset.upload", "asset.read"], key["updatedAt"])
    with server.context():
        assert ApiKey.get_by_id(key["id"]).key == digest(made["secret"])
    assert server.nobody.get("/api-keys/me", headers={"x-api-key": made["secret"]}).json == key


@pytest.mark.parametrize("name", [None, ""])
def test_a_name_for_the_nameless(user: Caller, name: str | None) -> None:
    body = {"permissions": ["all"], **({} if name is None else {"name": name})}
    assert user.post("/api-keys", body).json["apiKey"]["name"] == "API Key"


@pytest.mark.parametrize(("body", "path"), [
    ({"name": "x"}, ["permissions"]), ({"permissions": []}, ["permissions"]), ({"permissions": "all"}, ["permissions"]),
    ({"permissions": ["asset.read", "asset.fly"]}, ["permissions", 1]), ({"permissions": [None]}, ["permissions", 0]),
    ({"name": None, "permissions": ["all"]}, ["name"]), ({"name": 1, "permissions": ["all"]}, ["name"]),
    ({"name": "a\0", "permissions": ["all"]}, ["name"]),
])
def test_bad_ones(user: Caller, body: dict, path: list) -> None:
    response = user.post("/api-keys", body)
    assert (response.status_code, [error["path"] for error in response.json["errors"]]) == (400, [path])
    assert user.get("/api-keys").json == []


def test_list_newest_first(server: Server, user: Caller, other: Caller, queries: Callable) -> None:
    assert user.get("/api-keys").json == []
    made = []
    for year in (2001, 2003, 2002):
        key = make(user, "tag.read")["apiKey"]
        with server.context():
            ApiKey.update(created_at=f"{year}-01-01T00:00:00.000Z").where(ApiKey.id == key["id"]).execute()
        made.append(key["id"])
    make(other, "all")
    with queries() as sql:
        listed = user.get("/api-keys").json
    assert [key["id"] for key in listed] == [made[1], made[2], made[0]]
    assert listed[0]["createdAt"] == "2003-01-01T00:00:00.000Z"
    assert len(sql) == 2


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update(user: Caller, method: str) -> None:
    key = make(user, "asset.read")["apiKey"]
    path = f"/api-keys/{key['id']}"
    assert user.open(method, path, {"name": "Desk"}).json["name"] == "Desk"
    changed = user.open(method, path, {"permissions": ["tag.read"]}).json
    assert (changed["name"], changed["permissions"], changed["createdAt"]) == ("Desk", ["tag.read"], key["createdAt"])
    assert changed["updatedAt"] >= key["updatedAt"]
    assert user.get(path).json == changed
    assert said(user.open(method, path, {})) == (400, "No fields to update")
    assert user.open(method, path, {"permissions": []}).json["errors"][0]["path"] == ["permissions"]
    assert user.get(path).json == changed


def test_delete(server: Server, user: Caller) -> None:
    made = make(user, "all")
    path = f"/api-keys/{made['apiKey']['id']}"
    assert user.delete(path).status_code == 204
    assert said(server.nobody.get("/api-keys/me", headers={"x-api-key": made["secret"]})) == (401, "Invalid API key")
    for response in (user.delete(path), user.get(path), user.put(path, {"name": "x"})):
        assert said(response) == NOT_FOUND


@pytest.mark.parametrize("whose", ["another user's", "nobody's"])
def test_keys_of_others_are_out_of_reach(server: Server, user: Caller, other: Caller, whose: str) -> None:
    key = make(other, "all")["apiKey"]
    path = f"/api-keys/{key['id'] if whose.startswith('another') else UNKNOWN}"
    for caller in (user, server.admin, user.api_key("all")):
        for response in (caller.get(path), caller.put(path, {"name": "x"}), caller.put(path, {}), caller.delete(path)):
            assert said(response) == NOT_FOUND
    assert other.get("/api-keys").json == [key]


def test_me(server: Server, user: Caller) -> None:
    key = user.api_key("tag.read")
    assert key.get("/api-keys/me").json["permissions"] == ["tag.read"]
    assert said(user.get("/api-keys/me")) == (403, "Not authenticated with an API Key")
    assert said(server.nobody.get("/api-keys/me")) == (401, "Authentication required")
    assert user.put("/api-keys/me", {"name": "x"}).json["errors"][0]["path"] == ["id"]
    assert user.delete("/api-keys/me").json["errors"][0]["path"] == ["id"]


class TestWidening:
    HELD = ("apiKey.create", "apiKey.update", "apiKey.read", "tag.read")
    TOO_MUCH = (400, "Cannot grant permissions you do not have")

    def test_only_what_it_has(self, user: Caller) -> None:
        key = user.api_key(*self.HELD)
        assert key.post("/api-keys", {"permissions": ["tag.read"]}).status_code == 201
        for wanted in (["tag.read", "tag.create"], ["all"], ["apiKey.delete"]):
            assert said(key.post("/api-keys", {"permissions": wanted})) == self.TOO_MUCH
        assert len(user.get("/api-keys").json) == 2

    def test_not_itself_nor_another(self, user: Caller) -> None:
        key = user.api_key(*self.HELD)
        another = make(user, "tag.read")["apiKey"]["id"]
        for id in (key.get("/api-keys/me").json["id"], another):
            assert said(key.put(f"/api-keys/{id}", {"permissions": ["all"], "name": "x"})) == self.TOO_MUCH
            assert key.get(f"/api-keys/{id}").json["name"] != "x"

    def test_it_may_become_less(self, user: Caller) -> None:
        key = user.api_key(*self.HELD)
        path = f"/api-keys/{key.get('/api-keys/me').json['id']}"
        assert key.put(path, {"permissions": ["apiKey.read"]}).status_code == 200
        assert said(key.put(path, {"name": "x"})) == (403, "Missing required permission: apiKey.update")

    def test_all_may_give_everything(self, user: Caller) -> None:
        assert user.api_key("all").post("/api-keys", {"permissions": ["all", "tag.read"]}).status_code == 201

    def test_grants(self) -> None:
        assert grants(["all"], Permission.TAG_READ) and grants(["all"], "all") and grants(["tag.read"], "tag.read")
        assert not grants(["tag.read"], "all") and not grants([], "tag.read") and not grants(
            [permission for permission in Permission if permission != "all"], "all")
