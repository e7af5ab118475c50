"""`/api/admin/users`: create, read, change."""

from __future__ import annotations

import itertools

import pytest

from immich_flask.contracts.events import UserCreated
from immich_flask.core.auth.secrets import verify_password
from immich_flask.core.models import Session, User
from immich_flask.testing.callers import PASSWORD, Caller, Server

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"

serial = itertools.count(1)


def body(**changes) -> dict:
    return {"email": f"made-{next(serial)}@test.example", "name": "made", "password": PASSWORD, **changes}


def row(server: Server, user_id: str) -> User:
    with server.context():
        return User.get_by_id(user_id)


def test_create_with_little(server: Server) -> None:
    response = server.admin.post("/admin/users", body())
    assert response.status_code == 201
    made = response.json
    assert (made["name"], made["isAdmin"], made["status"], made["shouldChangePassword"]) == (
        "made", False, "active", True)
    assert (made["storageLabel"], made["quotaSizeInBytes"], made["quotaUsageInBytes"], made["deletedAt"]) == (
        None, None, 0, None)
    assert verify_password(PASSWORD, row(server, made["id"]).password)


def test_create_with_everything(server: Server) -> None:
    made = server.admin.post("/admin/users", body(
        storageLabel="a.lab/el", quotaSizeInBytes=1_000_000_000, shouldChangePassword=False, isAdmin=True,
        pinCode="123456", notify=False, avatarColor="amber", email="UPPER@test.example")).json
    assert (made["storageLabel"], made["quotaSizeInBytes"], made["shouldChangePassword"], made["isAdmin"]) == (
        "alabel", 1_000_000_000, False, True)
    assert (made["avatarColor"], made["email"]) == ("amber", "upper@test.example")
    assert verify_password("123456", row(server, made["id"]).pin_code)


def test_create_with_nulls(server: Server) -> None:
    made = server.admin.post("/admin/users", body(storageLabel=None, quotaSizeInBytes=None, pinCode=None)).json
    assert (made["storageLabel"], made["quotaSizeInBytes"], row(server, made["id"]).pin_code) == (None, None, None)
    assert server.admin.post("/admin/users", body(quotaSizeInBytes=0, name="")).json["quotaSizeInBytes"] == 0


def test_what_nobody_chooses(server: Server) -> None:
    made = server.admin.post("/admin/users", body(id=UNKNOWN, createdAt="2020-01-01T00:00:00.000Z", status="deleted"))
    assert made.json["id"] != UNKNOWN
    assert made.json["status"] == "active"


@pytest.mark.parametrize("deleted", [False, True])
def test_addresses_and_labels_are_unique(server: Server, deleted: bool) -> None:
    first = server.admin.post("/admin/users", body(storageLabel=f"label{deleted}")).json
    if deleted:
        server.admin.delete(f"/admin/users/{first['id']}", {})
    again = server.admin.post("/admin/users", body(email=first["email"].upper()))
    assert (again.status_code, again.json) == (400, {"message": "Email is not available"})
    again = server.admin.post("/admin/users", body(storageLabel=first["storageLabel"]))
    assert (again.status_code, again.json) == (400, {"message": "Storage label already in use by another account"})
    other = server.admin.post("/admin/users", body()).json
    at = f"/admin/users/{other['id']}"
    assert server.admin.put(at, {"email": first["email"]}).json == {"message": "Email is not available"}
    taken = server.admin.put(at, {"storageLabel": first["storageLabel"], "name": "not this either"})
    assert taken.json == {"message": "Storage label already in use by another account"}
    assert server.admin.get(at).json == other


@pytest.mark.parametrize("change", [
    {"password": None}, {"email": "x"}, {"name": None}, {"quotaSizeInBytes": -1}, {"quotaSizeInBytes": "5"},
    {"quotaSizeInBytes": 1.5}, {"pinCode": "1234"}, {"avatarColor": "x"}, {"isAdmin": "true"},
    {"shouldChangePassword": None}])
def test_bad_values(server: Server, change: dict) -> None:
    response = server.admin.post("/admin/users", body(**change))
    assert (response.status_code, response.json["message"]) == (400, "Validation failed")
    assert [issue["path"] for issue in response.json["errors"]] == [[next(iter(change))]]


def test_empty_passwords(server: Server, user: Caller) -> None:
    for response in (server.admin.post("/admin/users", body(password="")),
                     server.admin.put(f"/admin/users/{user.id}", {"password": ""})):
        assert (response.status_code, response.json) == (400, {"message": "password is required"})


def test_nothing_at_all(server: Server) -> None:
    errors = server.admin.post("/admin/users", {}).json["errors"]
    assert [issue["path"] for issue in errors] == [["email"], ["password"], ["name"]]


def test_the_event(make_server) -> None:
    server = make_server()
    boss, heard = server.user("boss", is_admin=True), []

    class Listener:
        plugin, run = "test", staticmethod(heard.append)

    server.runtime.plugins.listeners[UserCreated, "after"] = [("test", Listener)]
    made = boss.post("/admin/users", body()).json
    assert heard == [UserCreated(made["id"])]
    boss.post("/admin/users", body(email=made["email"]))
    assert len(heard) == 1


def test_read(server: Server, user: Caller) -> None:
    one = server.admin.get(f"/admin/users/{user.id}").json
    assert one == user.get("/users/me").json
    assert server.admin.get("/admin/users", id=user.id).json == [one]
    assert server.admin.get("/admin/users", id=UNKNOWN).json == []
    assert server.admin.get(f"/admin/users/{UNKNOWN}").json == {"message": "User not found"}
    newest = server.user("newest")
    listed = [row["id"] for row in server.admin.get("/admin/users").json]
    assert listed.index(newest.id) < listed.index(user.id)


@pytest.mark.parametrize("query", [{"id": "abc"}, {"withDeleted": "1"}])
def test_bad_queries(server: Server, query: dict) -> None:
    response = server.admin.get("/admin/users", **query)
    assert [issue["path"] for issue in response.json["errors"]] == [[next(iter(query))]]


def test_change(server: Server, user: Caller) -> None:
    at = f"/admin/users/{user.id}"
    changed = server.admin.put(at, {"name": "Changed", "quotaSizeInBytes": 5_000_000, "isAdmin": True}).json
    assert (changed["name"], changed["quotaSizeInBytes"], changed["isAdmin"]) == ("Changed", 5_000_000, True)
    changed = server.admin.patch(at, {"quotaSizeInBytes": None, "isAdmin": False, "storageLabel": "lab.el"}).json
    assert (changed["quotaSizeInBytes"], changed["isAdmin"], changed["storageLabel"]) == (None, False, "label")
    assert server.admin.put(at, {"storageLabel": ""}).json["storageLabel"] is None
    assert server.admin.put(at, {"email": f"Moved.{user.email}"}).json["email"] == f"moved.{user.email}"
    assert server.admin.put(at, {}).json["name"] == "Changed"


def test_change_secrets(server: Server, user: Caller) -> None:
    at = f"/admin/users/{user.id}"
    assert server.admin.put(at, {"password": "By-The-Admin-5", "pinCode": "123456"}).status_code == 200
    assert verify_password("By-The-Admin-5", row(server, user.id).password)
    assert verify_password("123456", row(server, user.id).pin_code)
    assert server.admin.put(at, {"pinCode": None}).status_code == 200
    assert row(server, user.id).pin_code is None
    assert verify_password("By-The-Admin-5", row(server, user.id).password)


@pytest.mark.parametrize("pin", ["654321", None])
def test_a_new_pin_locks(server: Server, user: Caller, pin: str | None) -> None:
    elevated = user.elevated()
    server.admin.put(f"/admin/users/{user.id}", {"name": "x"})
    with server.context():
        assert Session.get_by_id(elevated.session_id).pin_expires_at is not None
    server.admin.put(f"/admin/users/{user.id}", {"pinCode": pin})
    with server.context():
        assert Session.get_by_id(elevated.session_id).pin_expires_at is None


def test_demoting(server: Server) -> None:
    boss, second = server.user("boss", is_admin=True), server.user("second", is_admin=True)
    response = boss.put(f"/admin/users/{boss.id}", {"isAdmin": False, "name": "not this either"})
    assert (response.status_code, response.json) == (
        400, {"message": "Admin status can only be changed by another admin"})
    assert boss.put(f"/admin/users/{boss.id}", {"isAdmin": True, "name": "Still boss"}).json["name"] == "Still boss"
    assert boss.put(f"/admin/users/{second.id}", {"isAdmin": False}).json["isAdmin"] is False
    assert second.get("/admin/users").status_code == 403


def test_change_an_unknown(server: Server) -> None:
    response = server.admin.put(f"/admin/users/{UNKNOWN}", {"name": "x"})
    assert (response.status_code, response.json) == (400, {"message": "User not found"})


def test_sessions(server: Server, user: Caller) -> None:
    server.session_of(user)
    listed = server.admin.get(f"/admin/users/{user.id}/sessions").json
    assert len(listed) == 2
    assert {session["current"] for session in listed} == {False}
    assert user.session_id in {session["id"] for session in listed}
    assert server.admin.get(f"/admin/users/{UNKNOWN}/sessions").json == []
