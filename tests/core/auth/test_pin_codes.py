"""The PIN code, and the sessions it elevates."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from immich_flask.core.auth import pin_codes
from immich_flask.core.models import User
from immich_flask.infra.fields import now
from immich_flask.testing.callers import PASSWORD, Caller, Server

PIN = "123456"
ONLY_SESSIONS = (400, "This endpoint can only be used with a session token")
NONE = (400, "User does not have a PIN code")


def said(response: TestResponse) -> tuple[int, str | None]:
    return response.status_code, response.json["message"] if response.data else None


def with_pin(caller: Caller) -> Caller:
    assert said(caller.post("/auth/pin-code", {"pinCode": PIN})) == (204, None)
    return caller


def unlock(caller: Caller, pin: str = PIN) -> tuple[int, str | None]:
    return said(caller.post("/auth/session/unlock", {"pinCode": pin}))


def status(caller: Caller) -> dict:
    return caller.get("/auth/status").json


def test_the_life_of_a_pin(user: Caller) -> None:
    assert status(user) == {"pinCode": False, "password": True, "isElevated": False}
    assert unlock(user) == NONE
    with_pin(user)
    assert status(user) == {"pinCode": True, "password": True, "isElevated": False}
    assert unlock(user, "000000") == (400, "Wrong PIN code")
    assert unlock(user) == (204, None)
    unlocked = status(user)
    assert (unlocked["isElevated"], unlocked["pinCode"]) == (True, True)
    left = datetime.fromisoformat(unlocked["pinExpiresAt"]) - now()
    assert timedelta(minutes=14, seconds=50) < left <= timedelta(minutes=15)
    for _ in range(2):
        assert said(user.post("/auth/session/lock")) == (204, None)
    assert status(user) == {"pinCode": True, "password": True, "isElevated": False}


def test_is_stored_hashed(server: Server, user: Caller) -> None:
    with_pin(user)
    with server.context():
        assert User.get_by_id(user.id).pin_code.startswith("$2b$")


def test_set_once(user: Caller) -> None:
    with_pin(user)
    assert said(user.post("/auth/pin-code", {"pinCode": "654321"})) == (400, "User already has a PIN code")
    assert unlock(user) == (204, None)


def test_set_once_by_many_at_once(user: Caller) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: user.post("/auth/pin-code", {"pinCode": f"00000{n}"}).status_code, range(4)))
    assert sorted(answers) == [204, 400, 400, 400]
    assert unlock(user, f"00000{answers.index(204)}") == (204, None)


class TestChange:
    def change(self, caller: Caller, **body: str) -> tuple[int, str | None]:
        return said(caller.put("/auth/pin-code", {"newPinCode": "222222", **body}))

    @pytest.mark.parametrize("proof", [{"pinCode": PIN}, {"password": PASSWORD},
                                       {"password": PASSWORD, "pinCode": "000000"}])
    def test_on_proof(self, user: Caller, proof: dict) -> None:
        unlock(with_pin(user))
        assert self.change(user, **proof) == (204, None)
        assert status(user)["isElevated"] is True
        assert unlock(user) == (400, "Wrong PIN code")
        assert unlock(user, "222222") == (204, None)

    def test_refused(self, user: Caller) -> None:
        assert self.change(user, pinCode=PIN) == NONE
        with_pin(user)
        assert self.change(user) == (400, "Either password or pinCode is required")
        assert self.change(user, pinCode="999999") == (400, "Wrong PIN code")
        assert self.change(user, password="wrong") == (400, "Wrong password")
        assert self.change(user, password="wrong", pinCode=PIN) == (400, "Wrong password")
        assert self.change(user, password="", pinCode="999999") == (400, "Wrong PIN code")
        assert unlock(user) == (204, None)


class TestReset:
    @pytest.mark.parametrize("proof", [{"pinCode": PIN}, {"password": PASSWORD}])
    def test_locks_every_session(self, server: Server, user: Caller, proof: dict) -> None:
        second = server.session_of(with_pin(user))
        unlock(user), unlock(second)
        assert said(user.delete("/auth/pin-code", proof)) == (204, None)
        for caller in (user, second):
            assert status(caller) == {"pinCode": False, "password": True, "isElevated": False}
        assert said(user.delete("/auth/pin-code", proof)) == NONE

    def test_refused(self, user: Caller) -> None:
        unlock(with_pin(user))
        assert said(user.delete("/auth/pin-code", {"pinCode": "999999"})) == (400, "Wrong PIN code")
        assert said(user.delete("/auth/pin-code", {"password": "wrong"})) == (400, "Wrong password")
        assert said(user.delete("/auth/pin-code", {})) == (400, "Either password or pinCode is required")
        assert said(user.delete("/auth/pin-code")) == (400, "Validation failed")
        assert status(user)["isElevated"] is True


def test_the_password_unlocks_nothing(user: Caller) -> None:
    response = with_pin(user).post("/auth/session/unlock", {"password": PASSWORD})
    assert said(response) == (400, "Either password or pinCode is required")
    assert status(user)["isElevated"] is False


def test_keys_have_no_session_to_unlock(user: Caller) -> None:
    key = user.api_key("all")
    assert unlock(key) == ONLY_SESSIONS
    assert said(key.post("/auth/session/lock")) == ONLY_SESSIONS
    assert status(key) == {"pinCode": False, "password": True, "isElevated": False}
    with_pin(key)
    assert unlock(key) == ONLY_SESSIONS
    assert said(key.delete("/auth/pin-code", {"password": PASSWORD})) == (204, None)


def test_a_pin_that_is_reset_while_it_is_checked_unlocks_nothing(
        server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    second = server.session_of(with_pin(user))
    prove = pin_codes.prove

    def slowly(*arguments: object) -> None:
        prove(*arguments)
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as pool:
            reset = pool.submit(second.delete, "/auth/pin-code", {"password": PASSWORD})
            assert said(reset.result()) == (204, None)

    monkeypatch.setattr(pin_codes, "prove", slowly)
    assert unlock(user) == (400, "Wrong PIN code")
    assert status(user)["isElevated"] is False


@pytest.mark.parametrize("pin", [
    "12345", "1234567", "abcdef", "12345a", "", "١٢٣٤٥٦", "123456\n", 123456, None, ["123456"]])
@pytest.mark.parametrize(("method", "path", "name"), [
    ("POST", "/auth/pin-code", "pinCode"), ("PUT", "/auth/pin-code", "pinCode"),
    ("PUT", "/auth/pin-code", "newPinCode"),
    ("DELETE", "/auth/pin-code", "pinCode"), ("POST", "/auth/session/unlock", "pinCode")])
def test_bad_pins(server: Server, pin: object, method: str, path: str, name: str) -> None:
    body = {"newPinCode": PIN, name: pin} if method == "PUT" else {name: pin}
    response = server.admin.open(method, path, body)
    assert said(response) == (400, "Validation failed")
    assert [error["path"] for error in response.json["errors"]] == [[name]]


def test_status_costs_two_queries_beyond_the_caller(user: Caller, queries: Callable) -> None:
    with queries() as sql:
        status(user)
    assert len(sql) == 3
