"""`/api/sessions`: list, make children, change, lock, end; and how unused ones go."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.core.auth.sessions import remove_stale_sessions
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import FailedAttempt, Session
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.testing.callers import Caller, Server
from tests.core.auth.conftest import SessionRows

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
KEYS = ["id", "createdAt", "updatedAt", "current", "appVersion", "deviceOS", "deviceType", "isPendingSyncReset"]


def child_of(caller: Caller, **body: object) -> Caller:
    made = caller.post("/sessions", body)
    assert made.status_code == 201, made.text
    return Caller(caller.server, {"Authorization": f"Bearer {made.json['token']}"}, id=caller.id, email=caller.email,
                  token=made.json["token"], session_id=made.json["id"])


def ids(caller: Caller) -> list[str]:
    return [session["id"] for session in caller.get("/sessions").json]


def works(caller: Caller) -> bool:
    response = caller.post("/auth/validateToken")
    assert response.status_code == 200 or response.json == {"message": "Invalid user token"}
    return response.status_code == 200


class TestList:
    def test_own_ones(self, server: Server, user: Caller, other: Caller) -> None:
        second = server.session_of(user)
        listed = second.get("/sessions").json
        assert {session["id"]: session["current"] for session in listed} == {
            user.session_id: False, second.session_id: True}
        assert [list(session) for session in listed] == [KEYS, KEYS]
        assert listed[0] | {"createdAt": "", "updatedAt": "", "id": ""} == {
            "id": "", "createdAt": "", "updatedAt": "", "current": listed[0]["current"], "appVersion": None,
            "deviceOS": "", "deviceType": "test", "isPendingSyncReset": False}

    def test_most_recently_used_first(self, server: Server, user: Caller, rows: SessionRows) -> None:
        callers = [user, server.session_of(user), server.session_of(user)]
        for age, caller in enumerate(callers):
            rows.age(caller, minutes=age)
        assert ids(user) == [caller.session_id for caller in callers]

    def test_without_expired_ones(self, server: Server, user: Caller, rows: SessionRows) -> None:
        short, gone = server.session_of(user), server.session_of(user)
        rows.set(short, expires_at=datetime.fromisoformat("2099-01-02T03:04:05.600+00:00"))
        rows.set(gone, expires_at=now() - timedelta(seconds=1))
        listed = {session["id"]: session.get("expiresAt") for session in user.get("/sessions").json}
        assert listed == {user.session_id: None, short.session_id: "2099-01-02T03:04:05.600Z"}

    def test_by_key_none_is_current(self, user: Caller) -> None:
        assert [session["current"] for session in user.api_key("session.read").get("/sessions").json] == [False]

    def test_costs_the_same_however_many(self, server: Server, user: Caller, queries: Callable) -> None:
        with queries() as few:
            user.get("/sessions")
        for _ in range(20):
            server.session_of(user)
        with queries() as many:
            assert len(user.get("/sessions").json) == 21
        assert len(many) == len(few) == 2

    def test_for_administrators(self, server: Server, user: Caller) -> None:
        admin = server.admin
        assert admin.get(f"/admin/users/{user.id}/sessions").json == [
            {**session, "current": False} for session in user.get("/sessions").json]
        assert admin.get(f"/admin/users/{UNKNOWN}/sessions").json == []


class TestChildren:
    def test_make_one(self, server: Server, user: Caller) -> None:
        made = user.post("/sessions", {"duration": 3600, "deviceType": "Television", "deviceOS": "Cast"}).json
        assert re.fullmatch(r"[A-Za-z0-9]{30,44}", made["token"])
        assert (made["deviceType"], made["deviceOS"], made["current"], made["appVersion"]) == (
            "Television", "Cast", False, None)
        left = datetime.fromisoformat(made["expiresAt"]) - now()
        assert timedelta(minutes=59) < left <= timedelta(hours=1)
        assert server.nobody.get("/users/me", sessionKey=made["token"]).json["id"] == user.id

    def test_with_nothing_it_has_no_end(self, user: Caller) -> None:
        made = user.post("/sessions", {}).json
        assert "expiresAt" not in made
        assert (made["deviceType"], made["deviceOS"]) == ("", "")

    def test_none_outlives_its_parent(self, user: Caller) -> None:
        child = child_of(user, duration=600)
        expires_at = child.get("/auth/status").json["expiresAt"]
        assert child.post("/sessions", {}).json["expiresAt"] == expires_at
        assert child.post("/sessions", {"duration": 3600}).json["expiresAt"] == expires_at
        assert child.post("/sessions", {"duration": 60}).json["expiresAt"] < expires_at

    @pytest.mark.parametrize(("body", "path"), [
        ({"duration": 0}, "duration"), ({"duration": 0.5}, "duration"), ({"duration": "60"}, "duration"),
        ({"duration": 2**53}, "duration"), ({"deviceType": 1}, "deviceType"), ({"deviceOS": None}, "deviceOS"),
        ({"deviceOS": "a\0b"}, "deviceOS"),
    ])
    def test_bad_ones(self, user: Caller, body: dict, path: str) -> None:
        response = user.post("/sessions", body)
        assert (response.status_code, [error["path"] for error in response.json["errors"]]) == (400, [[path]])
        assert len(ids(user)) == 1

    @pytest.mark.parametrize("duration", [10**12, 2**53 - 1])
    def test_longer_than_the_calendar(self, user: Caller, duration: int) -> None:
        response = user.post("/sessions", {"duration": duration})
        assert (response.status_code, response.json) == (400, {"message": "The session would last too long"})

    def test_not_by_key(self, user: Caller) -> None:
        response = user.api_key("all").post("/sessions", {})
        assert (response.status_code, response.json) == (
            400, {"message": "This endpoint can only be used with a session token"})


class TestEnd:
    def test_one(self, server: Server, user: Caller, ended: Callable) -> None:
        second = server.session_of(user)
        with ended() as events:
            assert user.delete(f"/sessions/{second.session_id}").status_code == 204
        assert [(event.session_ids, event.user_id) for event in events] == [((second.session_id,), user.id)]
        assert not works(second) and works(user)
        response = user.delete(f"/sessions/{second.session_id}")
        assert (response.status_code, response.json) == (
            400, {"message": "Not found or no authDevice.delete access"})

    def test_ends_children_and_their_children(self, user: Caller, server: Server, ended: Callable) -> None:
        elsewhere = server.session_of(user)
        child = child_of(user)
        grandchild, aside = child_of(child), child_of(elsewhere)
        with ended() as events:
            elsewhere.delete(f"/sessions/{user.session_id}")
        [event] = events
        assert sorted(event.session_ids) == sorted([user.session_id, child.session_id, grandchild.session_id])
        assert [works(caller) for caller in (user, child, grandchild, elsewhere, aside)] == [
            False, False, False, True, True]

    def test_all_others(self, server: Server, user: Caller, other: Caller, ended: Callable) -> None:
        second, child = server.session_of(user), child_of(user)
        with ended() as events:
            assert user.delete("/sessions").status_code == 204
        [event] = events
        assert sorted(event.session_ids) == sorted([second.session_id, child.session_id])
        assert ids(user) == [user.session_id]
        assert works(other) and not works(child)

    def test_all_others_when_there_are_none(self, user: Caller, ended: Callable) -> None:
        with ended() as events:
            assert user.delete("/sessions").status_code == 204
        assert events == [] and works(user)

    def test_all_others_by_a_child_takes_its_parent_and_so_itself(self, user: Caller) -> None:
        child = child_of(user)
        assert child.delete("/sessions").status_code == 204
        assert not works(user) and not works(child)

    def test_all_by_key(self, user: Caller) -> None:
        assert user.api_key("session.delete").delete("/sessions").status_code == 204
        assert not works(user)


class TestUpdate:
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_pending_sync_reset(self, server: Server, user: Caller, method: str) -> None:
        second = server.session_of(user)
        before = next(session for session in user.get("/sessions").json if session["id"] == second.session_id)
        response = user.open(method, f"/sessions/{second.session_id}", {"isPendingSyncReset": True})
        assert response.status_code == 200
        assert response.json == {**before, "isPendingSyncReset": True, "updatedAt": response.json["updatedAt"]}
        assert response.json["updatedAt"] >= before["updatedAt"]

    def test_bad_ones(self, user: Caller) -> None:
        path = f"/sessions/{user.session_id}"
        assert user.put(path, {}).json == {"message": "No fields to update"}
        assert user.put(path, {"isPendingSyncReset": "true"}).json["errors"][0]["path"] == ["isPendingSyncReset"]
        assert user.put("/sessions/abc", {"isPendingSyncReset": True}).json["errors"][0]["path"] == ["id"]

    def test_lock(self, server: Server, user: Caller) -> None:
        elevated = user.elevated()
        assert elevated.get("/auth/status").json["isElevated"] is True
        assert user.post(f"/sessions/{elevated.session_id}/lock").status_code == 204
        status = elevated.get("/auth/status").json
        assert status["isElevated"] is False and "pinExpiresAt" not in status


@pytest.mark.parametrize("whose", ["another user's", "nobody's"])
def test_sessions_of_others_are_out_of_reach(server: Server, user: Caller, other: Caller, whose: str) -> None:
    path = f"/sessions/{other.session_id if whose.startswith('another') else UNKNOWN}"
    for caller in (user, server.admin, user.api_key("all")):
        for method, at, body, permission in (
                ("PUT", path, {"isPendingSyncReset": True}, "session.update"), ("PUT", path, {}, "session.update"),
                ("DELETE", path, None, "authDevice.delete"), ("POST", f"{path}/lock", None, "session.lock")):
            response = caller.open(method, at, body)
            assert (response.status_code, response.json) == (
                400, {"message": f"Not found or no {permission} access"})
    assert other.get("/sessions").json[0]["isPendingSyncReset"] is False


class TestCleanup:
    def test_what_goes(self, server: Server, user: Caller, rows: SessionRows, ended: Callable) -> None:
        callers = {name: server.session_of(user) for name in ("unused", "expired", "used", "lasting")}
        child = child_of(callers["unused"])
        rows.age(callers["unused"], days=90, seconds=1)
        rows.age(callers["used"], days=89)
        rows.set(callers["expired"], expires_at=now() - timedelta(seconds=1))
        rows.set(callers["lasting"], expires_at=now() + timedelta(days=1))
        with server.context(), ended() as events:
            remove_stale_sessions()
        gone = {id for event in events for id in event.session_ids if event.user_id == user.id}
        assert gone == {callers["unused"].session_id, callers["expired"].session_id, child.session_id}
        assert set(ids(user)) == {user.session_id, callers["used"].session_id, callers["lasting"].session_id}

    def test_old_failed_attempts_go_too(self, server: Server) -> None:
        with server.context():
            for subject, days in (("old", 2), ("new", 0)):
                FailedAttempt.create(subject=subject, count=1, last_at=now() - timedelta(days=days))
            remove_stale_sessions()
            left = {row.subject for row in FailedAttempt.select().where(FailedAttempt.subject.in_(["old", "new"]))}
        assert left == {"new"}

    def test_is_a_nightly_job(self, server: Server, user: Caller, rows: SessionRows) -> None:
        job = server.runtime.jobs[JobName.SESSION_CLEANUP]
        second = server.session_of(user)
        rows.age(second, days=91)
        with server.context():
            assert (job.queue, job.cron()) == (QueueName.BACKGROUND_TASK, "0 0 * * *")
            with atomic():
                enqueue(JobName.SESSION_CLEANUP)
            assert not Session.select().where(Session.id == second.session_id).exists()
