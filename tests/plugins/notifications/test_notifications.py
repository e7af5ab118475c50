"""Telling users things, and what they do with it, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from immich_flask.contracts.enums import JobName
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins.notifications import jobs
from plugins.notifications.models import Notification

UNKNOWN = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
MOMENT = "2024-05-06T07:08:09.123Z"

SMTP = {"enabled": True, "from": "me@test.example", "replyTo": "", "transport": {
    "ignoreCert": False, "host": "localhost", "port": 25, "secure": False, "username": "", "password": ""}}


@pytest.fixture
def tell(server: Server) -> Callable[..., str]:
    def told(caller: Caller, title: str = "One", **fields: Any) -> str:
        response = server.admin.post("/admin/notifications", {"userId": caller.id, "title": title, **fields})
        assert response.status_code == 201, response.text
        return response.json["id"]

    return told


def titles(caller: Caller, **query: Any) -> list[str]:
    response = caller.get("/notifications", **query)
    assert response.status_code == 200, response.text
    return [notification["title"] for notification in response.json]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_what_an_administrator_says(server: Server, user: Caller, other: Caller) -> None:
    one = server.admin.post("/admin/notifications", {"userId": user.id, "title": "", "description": None,
                                                     "readAt": MOMENT}).json
    assert {name: value for name, value in one.items() if name not in ("id", "createdAt")} == {
        "level": "info", "type": "Custom", "title": ""}
    fields = {"title": "Two", "description": "words", "level": "warning", "type": "SystemMessage",
              "data": {"a": [1, {"b": None}], "ß": "✓"}}
    two = server.admin.post("/admin/notifications", {"userId": user.id, **fields}).json
    assert {name: two[name] for name in fields} == fields
    assert user.get("/notifications").json == [two, one]
    assert [user.get(f"/notifications/{each['id']}").json for each in (one, two)] == [one, two]
    assert titles(other) == titles(server.admin, id=one["id"]) == []


@pytest.mark.parametrize("change", [
    {"title": None}, {"title": 5}, {"userId": "x"}, {"userId": None}, {"level": "bad"}, {"type": "bad"}, {"data": [1]},
    {"data": "{}"}, {"data": None}, {"description": 1}, {"readAt": "now"},
])
def test_what_cannot_be_said(server: Server, user: Caller, change: dict) -> None:
    response = server.admin.post("/admin/notifications", {"userId": user.id, "title": "x", **change})
    assert refusal(response) == (400, "Validation failed")
    assert response.json["errors"][0]["path"] == list(change)
    assert titles(user) == []


def test_to_whom_nothing_can_be_said(server: Server) -> None:
    gone = server.user(deleted_at=now(), status="deleted")
    for user_id in (UNKNOWN, gone.id):
        response = server.admin.post("/admin/notifications", {"userId": user_id, "title": "x"})
        assert refusal(response) == (400, "User not found")


def test_filters(user: Caller, tell: Callable) -> None:
    one = tell(user, "One")
    tell(user, "Two", level="error", type="JobFailed")
    tell(user, "Three", level="error")
    user.put(f"/notifications/{one}", {"readAt": MOMENT})
    assert titles(user) == titles(user, unread="false") == ["Three", "Two", "One"]
    assert titles(user, unread="true") == titles(user, level="error") == ["Three", "Two"]
    assert titles(user, type="JobFailed") == ["Two"]
    assert titles(user, id=one) == ["One"]
    assert titles(user, level="info", type="JobFailed") == titles(user, id=UNKNOWN) == []
    for query in ({"level": "x"}, {"type": "x"}, {"id": "x"}, {"unread": "1"}):
        assert refusal(user.get("/notifications", **query)) == (400, "Validation failed")


def test_reading_one(user: Caller, tell: Callable) -> None:
    path = f"/notifications/{tell(user, data={'k': 'v'})}"
    before = user.get(path).json
    assert user.put(path, {"readAt": MOMENT}).json == {**before, "readAt": MOMENT} == user.get(path).json
    assert user.put(path, {}).json == {**before, "readAt": MOMENT}
    assert user.put(path, {"readAt": None}).json == before
    assert refusal(user.put(path, {"readAt": True})) == (400, "Validation failed")


def test_deleting_one(user: Caller, tell: Callable) -> None:
    path = f"/notifications/{tell(user)}"
    for _ in range(2):
        assert user.delete(path).status_code == 204
    assert titles(user) == []
    for response in (user.get(path), user.put(path, {"readAt": MOMENT})):
        assert refusal(response) == (400, "Notification not found")


def test_several_at_once(user: Caller, other: Caller, tell: Callable) -> None:
    one, two, three, alien = tell(user, "One"), tell(user, "Two"), tell(user, "Three"), tell(other, "Alien")
    assert user.put("/notifications", {"ids": [one, two, one], "readAt": MOMENT}).status_code == 204
    assert titles(user, unread="true") == ["Three"]
    assert user.put("/notifications", {"ids": [two], "readAt": None}).status_code == 204
    assert user.put("/notifications", {"ids": [one, two]}).status_code == 204
    assert titles(user, unread="true") == ["Three", "Two"]
    for method, permission in (("PUT", "notification.update"), ("DELETE", "notification.delete")):
        for foreign in (alien, UNKNOWN):
            response = user.open(method, "/notifications", {"ids": [three, foreign], "readAt": MOMENT})
            assert refusal(response) == (400, f"Not found or no {permission} access")
        for body in ({"readAt": None}, {"ids": []}, {"ids": ["x"]}):
            assert refusal(user.open(method, "/notifications", body)) == (400, "Validation failed")
    assert titles(user, unread="true") == ["Three", "Two"]
    for _ in range(2):
        assert user.delete("/notifications", {"ids": [one, three]}).status_code == 204
    assert (titles(user), titles(other)) == (["Two"], ["Alien"])


def test_ten_thousand_at_once(server: Server, user: Caller, queries: Callable) -> None:
    with server.context():
        rows = [{"user": user.id, "type": "Custom", "level": "info", "title": str(number)} for number in range(10_000)]
        for start in range(0, len(rows), 1000):
            Notification.insert_many(rows[start:start + 1000]).execute()
    ids = [notification["id"] for notification in user.get("/notifications").json]
    assert len(ids) == 10_000
    with queries() as sql:
        assert user.put("/notifications", {"ids": ids, "readAt": MOMENT}).status_code == 204
        assert user.delete("/notifications", {"ids": ids}).status_code == 204
    assert len(sql) < 20
    assert titles(user) == []


def test_the_list_costs_the_same_however_long(user: Caller, tell: Callable, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            titles(user)
        return len(sql)

    tell(user)
    one = cost()
    for _ in range(10):
        tell(user)
    assert cost() == one


@pytest.mark.parametrize(("method", "path", "permission", "is_one"), [
    ("GET", "/notifications", "notification.read", False), ("PUT", "/notifications", "notification.update", True),
    ("DELETE", "/notifications", "notification.delete", True),
    ("GET", "/notifications/{id}", "notification.read", True),
    ("PUT", "/notifications/{id}", "notification.update", True),
    ("DELETE", "/notifications/{id}", "notification.delete", True),
])
def test_callers(server: Server, user: Caller, other: Caller, tell: Callable, method: str, path: str, permission: str,
                 is_one: bool) -> None:
    one = tell(user)
    path, body = path.format(id=one), None if method == "GET" else {"ids": [one], "readAt": None}
    assert refusal(server.nobody.open(method, path, body)) == (401, "Authentication required")
    assert refusal(user.api_key("asset.read").open(method, path, body)) == (
        403, f"Missing required permission: {permission}")
    if is_one:
        for stranger in (other, server.admin, other.elevated()):
            assert refusal(stranger.open(method, path, body)) == (400, f"Not found or no {permission} access")
    assert user.api_key(permission).open(method, path, body).status_code in (200, 204)


@pytest.mark.parametrize(("path", "body"), [
    ("/admin/notifications", {"title": "x", "userId": UNKNOWN}), ("/admin/notifications/test-email", SMTP),
    ("/admin/notifications/templates/welcome", {"template": ""}),
])
def test_only_administrators(server: Server, user: Caller, path: str, body: dict) -> None:
    assert refusal(server.nobody.post(path, body)) == (401, "Authentication required")
    assert refusal(user.post(path, body)) == (403, "Forbidden")
    assert refusal(server.admin.api_key("notification.create").post(path, body)) == (
        403, "Missing required permission: all")
    assert server.admin.api_key("all").post(path, body).status_code == 400


def test_there_is_no_mail(server: Server, user: Caller) -> None:
    admin = server.admin
    for path, body in (("test-email", SMTP), ("templates/welcome", {"template": ""})):
        assert refusal(admin.post(f"/admin/notifications/{path}", body)) == (400, "This server sends no e-mail")
    for path, body in (("test-email", {**SMTP, "transport": {}}), ("test-email", {}), ("templates/welcome", {})):
        assert refusal(admin.post(f"/admin/notifications/{path}", body)) == (400, "Validation failed")
    assert admin.get("/server/features").json["email"] is False
    wishes = {"enabled": True, "albumInvite": True, "albumUpdate": True}
    assert user.get("/users/me/preferences").json["emailNotifications"] == wishes
    assert user.put("/users/me/preferences", {"emailNotifications": {"albumUpdate": False}}).json[
        "emailNotifications"] == {**wishes, "albumUpdate": False}


@pytest.mark.parametrize(("age", "read", "deleted", "stays"), [
    (29, None, None, True), (31, None, None, False), (14, 13, None, True), (16, 3, None, False), (16, 1, None, True),
    (40, 1, None, True), (1, None, 4, False), (10, None, 2, True), (10, 5, 4, False),
])
def test_old_ones_go(server: Server, user: Caller, tell: Callable, age: int, read: int | None, deleted: int | None,
                     stays: bool) -> None:
    one = tell(user)

    def ago(days: int | None) -> Any:
        return None if days is None else now() - timedelta(days=days)

    with server.context():
        (Notification.update(created_at=ago(age), read_at=ago(read), deleted_at=ago(deleted))
         .where(Notification.id == one).execute())
        jobs.clean_up()
        assert Notification.select().where(Notification.id == one).exists() is stays
        assert server.runtime.jobs[JobName.NOTIFICATIONS_CLEANUP].cron() == "0 0 * * *"


def test_they_go_with_their_user(server: Server, tell: Callable) -> None:
    user = server.user()
    one = tell(user)
    assert server.admin.delete(f"/admin/users/{user.id}", {"force": True}).status_code == 200
    with server.context():
        assert not Notification.select().where(Notification.id == one).exists()


def test_switched_off_and_on_again(make_server: Callable[..., Server]) -> None:
    whole, without = make_server(), make_server(**{"plugins.disabled": ["notifications"]})
    without.database.close_all()
    without.database = whole.database
    user, admin = whole.user(), whole.user(is_admin=True)
    admin.post("/admin/notifications", {"userId": user.id, "title": "kept"})
    user.server = admin.server = without
    assert refusal(user.get("/notifications")) == (404, "Cannot GET /api/notifications")
    assert user.get("/users/me/preferences").json["emailNotifications"]["enabled"] is False
    # Nobody is told, and nobody minds.
    body = {"albumName": "a", "albumUsers": [{"userId": user.id, "role": "viewer"}]}
    assert admin.post("/albums", body).status_code == 201
    user.server = whole
    assert titles(user) == ["kept"]
