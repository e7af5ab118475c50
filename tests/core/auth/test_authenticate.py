"""Where a credential may stand, which one counts, and what it takes to look it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immich_flask.core.models import Session, User
from immich_flask.infra.fields import now
from immich_flask.testing.callers import Caller, Server
from tests.core.auth.conftest import SessionRows

TOKEN_PLACES = {
    "bearer": lambda token: ({"Authorization": f"Bearer {token}"}, {}),
    "bearer in another case": lambda token: ({"Authorization": f"bEARER {token}"}, {}),
    "x-immich-user-token": lambda token: ({"x-immich-user-token": token}, {}),
    "x-immich-session-token": lambda token: ({"x-immich-session-token": token}, {}),
    "sessionKey": lambda token: ({}, {"sessionKey": token}),
    "cookie": lambda token: ({"Cookie": f"other=1; immich_access_token={token}"}, {}),
}
KEY_PLACES = {
    "x-api-key": lambda secret: ({"x-api-key": secret}, {}),
    "apiKey": lambda secret: ({}, {"apiKey": secret}),
}
ANDROID = {"User-Agent": "immich-android/3.1.0", "devicemodel": "Model 7", "devicetype": "Android"}


def validate(server: Server, headers: dict, query: dict) -> tuple[int, str | bool]:
    response = server.nobody.post("/auth/validateToken", headers=headers, **query)
    return response.status_code, response.json.get("message", response.json.get("authStatus"))


@pytest.mark.parametrize("place", TOKEN_PLACES)
def test_a_session_token_is_found(server: Server, user: Caller, place: str) -> None:
    assert validate(server, *TOKEN_PLACES[place](user.token)) == (200, True)
    assert validate(server, *TOKEN_PLACES[place](user.token + "x")) == (401, "Invalid user token")


@pytest.mark.parametrize("place", KEY_PLACES)
def test_an_api_key_is_found(server: Server, user: Caller, place: str) -> None:
    secret = user.api_key("tag.read").headers["x-api-key"]
    assert validate(server, *KEY_PLACES[place](secret)) == (200, True)
    assert validate(server, *KEY_PLACES[place](secret + "x")) == (401, "Invalid API key")


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
    {"x-api-key": ""}, {"Cookie": "immich_access_token="}, {"Cookie": "immich_is_authenticated=true"},
])
def test_no_credential(server: Server, headers: dict) -> None:
    assert validate(server, headers, {}) == (401, "Authentication required")


def test_secrets_do_not_stand_for_each_other(server: Server, user: Caller) -> None:
    secret = user.api_key("all").headers["x-api-key"]
    assert validate(server, {"Authorization": f"Bearer {secret}"}, {}) == (401, "Invalid user token")
    assert validate(server, {"x-api-key": user.token}, {}) == (401, "Invalid API key")
    with server.context():
        stored = Session.get_by_id(user.session_id).token
    assert validate(server, {"Authorization": f"Bearer {stored}"}, {}) == (401, "Invalid user token")


def test_the_first_one_decides(server: Server, user: Caller, other: Caller) -> None:
    """In the order of the places above; a wrong one is not passed over for a right one."""
    order = [TOKEN_PLACES[name] for name in (
        "x-immich-user-token", "x-immich-session-token", "sessionKey", "bearer", "cookie")]
    order.append(KEY_PLACES["x-api-key"])
    order.append(KEY_PLACES["apiKey"])
    key, other_key = (caller.api_key("all").headers["x-api-key"] for caller in (user, other))
    for first in range(len(order)):
        for second in range(first + 1, len(order)):
            right = (other.token if first < 5 else other_key), (user.token if second < 5 else key)
            headers, query = _merge(order[first](right[0]), order[second](right[1]))
            assert server.nobody.get("/users/me", headers=headers, **query).json["id"] == other.id
            headers, query = _merge(order[first]("bad"), order[second](right[1]))
            assert validate(server, headers, query)[0] == 401


def _merge(one: tuple[dict, dict], two: tuple[dict, dict]) -> tuple[dict, dict]:
    return {**one[0], **two[0]}, {**one[1], **two[1]}


class TestLookup:
    @pytest.mark.parametrize("kind", ["session", "elevated session", "key"])
    def test_is_one_query_by_an_index(self, server: Server, user: Caller, queries: Callable, kind: str) -> None:
        callers = {"session": lambda: user, "elevated session": user.elevated, "key": lambda: user.api_key("all")}
        caller = callers[kind]()
        caller.post("/auth/validateToken")
        with queries() as sql:
            assert caller.post("/auth/validateToken").status_code == 200
        assert len(sql) == 1, sql

    def test_the_plan(self, server: Server, user: Caller, queries: Callable) -> None:
        with queries() as sql:
            user.post("/auth/validateToken")
            user.api_key("all").post("/auth/validateToken")
        lookups = [text for text in sql if text.lstrip().startswith("SELECT")]
        assert len(lookups) == 2
        with server.context():
            for text in lookups:
                plan = _plan(server, text)
                assert "SCAN" not in plan and "Seq Scan" not in plan, plan


def _plan(server: Server, sql: str) -> str:
    if server.runtime.config.database.url:
        # The tables are nearly empty, so the planner would rather read them.
        server.database.execute_sql("SET enable_seqscan = off")
        rows = server.database.execute_sql(f"EXPLAIN {sql}", ("x",)).fetchall()
        server.database.execute_sql("RESET enable_seqscan")
        return "\n".join(row[0] for row in rows)
    return "\n".join(row[3] for row in server.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", ("x",)).fetchall())


class TestSession:
    def test_expires(self, user: Caller, rows: SessionRows) -> None:
        rows.set(user, expires_at=now() + timedelta(minutes=1))
        assert user.post("/auth/validateToken").status_code == 200
        rows.set(user, expires_at=now() - timedelta(milliseconds=1))
        assert user.post("/auth/validateToken").json == {"message": "Invalid user token"}

    def test_is_refreshed_after_an_hour(self, user: Caller, rows: SessionRows) -> None:
        rows.age(user, minutes=59)
        before = rows.get(user).updated_at
        user.post("/auth/validateToken", headers=ANDROID | {"User-Agent": "Dart/3.5 (dart:io)"})
        assert rows.get(user).updated_at == before
        rows.age(user, minutes=61)
        user.post("/auth/validateToken", headers=ANDROID | {"User-Agent": "Dart/3.5 (dart:io)"})
        row = rows.get(user)
        assert now() - row.updated_at < timedelta(minutes=1)
        assert (row.device_type, row.device_os, row.app_version) == ("Model 7", "Android", None)

    def test_is_refreshed_when_the_app_was_updated(self, user: Caller, rows: SessionRows) -> None:
        user.post("/auth/validateToken", headers=ANDROID)
        assert rows.get(user).app_version == "3.1.0"
        rows.age(user, minutes=30)
        user.post("/auth/validateToken", headers={**ANDROID, "User-Agent": "immich-android/3.2.0"})
        row = rows.get(user)
        assert (row.app_version, row.device_type) == ("3.2.0", "Model 7")
        assert now() - row.updated_at < timedelta(minutes=1)

    def test_keeps_what_a_request_does_not_say(self, user: Caller, rows: SessionRows) -> None:
        user.post("/auth/validateToken", headers=ANDROID)
        rows.age(user, hours=2)
        user.post("/auth/validateToken", headers={"User-Agent": "python-requests/2.32"})
        row = rows.get(user)
        assert (row.device_type, row.device_os, row.app_version) == ("Model 7", "Android", "3.1.0")
        assert now() - row.updated_at < timedelta(minutes=1)

    def test_many_requests_write_it_once(self, user: Caller, rows: SessionRows, queries: Callable) -> None:
        user.post("/auth/validateToken", headers=ANDROID)
        with queries() as sql:
            for _ in range(5):
                user.post("/auth/validateToken", headers=ANDROID)
                user.post("/auth/validateToken")
        assert [text for text in sql if text.startswith("UPDATE")] == []


class TestElevation:
    def elevated_for(self, user: Caller, rows: SessionRows, **left: float) -> timedelta | None:
        """How long the elevation lasts after a request, when it had so long left before."""
        rows.set(user, pin_expires_at=now() + timedelta(**left))
        elevated = user.get("/auth/status").json["isElevated"]
        return rows.get(user).pin_expires_at - now() if elevated else None

    def test_is_extended_near_its_end(self, user: Caller, rows: SessionRows) -> None:
        second = timedelta(seconds=1)
        for minutes, expected in ((14, 14), (5.5, 5.5), (4.5, 5), (0.5, 5)):
            left = self.elevated_for(user, rows, minutes=minutes)
            assert abs(left - timedelta(minutes=expected)) < 5 * second, minutes

    def test_ends(self, user: Caller, rows: SessionRows) -> None:
        assert self.elevated_for(user, rows, milliseconds=-1) is None
        assert rows.get(user).pin_expires_at < now()

    def test_a_page_of_pictures_writes_once(self, user: Caller, rows: SessionRows, queries: Callable) -> None:
        rows.set(user, pin_expires_at=now() + timedelta(minutes=2))
        with queries() as sql:
            for _ in range(20):
                user.post("/auth/validateToken")
        assert len([text for text in sql if text.startswith("UPDATE")]) == 1

    def test_is_of_one_session(self, server: Server, user: Caller, rows: SessionRows) -> None:
        elevated = user.elevated()
        child = elevated.post("/sessions", {}).json["token"]
        assert elevated.get("/auth/status").json["isElevated"] is True
        assert user.get("/auth/status").json["isElevated"] is False
        assert server.nobody.get("/auth/status", sessionKey=child).json["isElevated"] is False


GARBAGE = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=300)
HEADERS = ("Authorization", "x-immich-user-token", "x-immich-session-token", "x-api-key", "Cookie", "User-Agent",
           "devicemodel", "devicetype")
PARAMETERS = ("sessionKey", "apiKey")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=st.dictionaries(st.sampled_from(HEADERS), GARBAGE | GARBAGE.map("Bearer {}".format)
                               | GARBAGE.map("immich_access_token={}".format)),
       query=st.dictionaries(st.sampled_from(PARAMETERS), st.text(st.characters(exclude_categories=["Cs"]))
                             | st.lists(st.text("ab%", max_size=3), min_size=2, max_size=2)))
def test_garbage_is_refused(server: Server, headers: dict, query: dict) -> None:
    assert validate(server, headers, query)[0] == 401


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.binary(max_size=40))
def test_garbage_in_the_query_is_refused(server: Server, query: bytes) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in query)
    server.activate()
    client = server.app.test_client(use_cookies=False)
    for name in PARAMETERS:
        assert client.post(f"/api/auth/validateToken?{name}={escaped}").status_code == 401


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=st.fixed_dictionaries({}, optional={name: GARBAGE for name in (
    "User-Agent", "devicemodel", "devicetype")}))
def test_garbage_about_the_device_is_kept_out_of_the_way(server: Server, headers: dict) -> None:
    user = server.user()
    with server.context():
        Session.update(updated_at=now() - timedelta(hours=2)).where(Session.id == user.session_id).execute()
    assert user.get("/sessions", headers=headers).status_code == 200
    with server.context():
        User.delete().where(User.id == user.id).execute()
