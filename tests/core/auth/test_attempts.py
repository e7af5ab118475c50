"""Wrong proofs are counted and delayed; right ones never are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from immich_flask.contracts.errors import BadRequest, TooManyAttempts
from immich_flask.core.auth import attempts
from immich_flask.core.auth.attempts import FIRST_DELAY, LONGEST_DELAY, prove
from immich_flask.core.models import FailedAttempt
from immich_flask.infra.db import atomic, connected
from immich_flask.infra.fields import now
from immich_flask.testing.callers import PASSWORD, Caller, Server

LIMIT = 10
"""`auth.failed_attempts` of config/default.toml."""

WRONG = (401, "Incorrect email or password")
WAIT = (429, "Too many failed attempts, try again later")


def login(server: Server, email: str, password: str = "wrong", address: str = "203.0.113.7") -> TestResponse:
    return server.nobody.open("POST", "/auth/login", {"email": email, "password": password},
                              environ_base={"REMOTE_ADDR": address})


def said(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def let_pass(server: Server) -> None:
    """The delays are over."""
    with server.context():
        FailedAttempt.update(blocked_until=now() - timedelta(milliseconds=1)).execute()


def seconds_to_wait(response: TestResponse) -> int:
    assert said(response) == WAIT
    return int(response.headers["Retry-After"])


@pytest.mark.parametrize("known", [True, False])
def test_too_many_wrong_logins(server: Server, user: Caller, known: bool) -> None:
    email = user.email if known else f"nobody-{user.id}@test.example"
    for _ in range(LIMIT):
        assert said(login(server, email)) == WRONG
    assert seconds_to_wait(login(server, email)) == 1
    assert seconds_to_wait(login(server, email.upper(), PASSWORD)) == 1, "nor the right one"
    assert "Set-Cookie" not in login(server, email, PASSWORD).headers


def test_the_delay_doubles_up_to_a_limit(server: Server, user: Caller) -> None:
    for _ in range(LIMIT - 1):
        login(server, user.email)
    seconds = []
    for _ in range(13):
        let_pass(server)
        assert said(login(server, user.email)) == WRONG
        seconds.append(seconds_to_wait(login(server, user.email)))
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert (FIRST_DELAY.total_seconds(), LONGEST_DELAY.total_seconds()) == (1, 900)


def test_a_right_one_forgets_the_wrong_ones(server: Server, user: Caller) -> None:
    for _ in range(3):
        for _ in range(LIMIT - 1):
            assert said(login(server, user.email)) == WRONG
        assert login(server, user.email, PASSWORD).status_code == 201
    for _ in range(LIMIT):
        login(server, user.email)
    let_pass(server)
    assert login(server, user.email, PASSWORD).status_code == 201
    assert said(login(server, user.email)) == WRONG


def test_others_are_not_delayed(server: Server, user: Caller, other: Caller) -> None:
    for _ in range(LIMIT):
        login(server, user.email)
    assert said(login(server, user.email)) == WAIT
    assert login(server, other.email, PASSWORD).status_code == 201, "another account from the same address"
    assert login(server, user.email, PASSWORD, "203.0.113.8").status_code == 201, "the account from another address"
    assert user.get("/auth/status").status_code == 200, "who is in already"


def test_an_ipv6_network_is_one_address(server: Server, user: Caller) -> None:
    for host in range(LIMIT):
        login(server, user.email, address=f"2001:db8:1:2::{host:x}")
    assert said(login(server, user.email, address="2001:db8:1:2:ffff::1")) == WAIT
    assert login(server, user.email, PASSWORD, "2001:db8:1:3::1").status_code == 201
    for _ in range(LIMIT):
        login(server, user.email, address="::ffff:203.0.113.9")
    assert said(login(server, user.email, address="203.0.113.9")) == WAIT


def test_right_logins_are_never_counted(server: Server, user: Caller) -> None:
    with server.context():
        before = FailedAttempt.select().where(FailedAttempt.count > 0).count()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: login(server, user.email, PASSWORD).status_code, range(100)))
    assert answers == [201] * 100
    with server.context():
        assert FailedAttempt.select().where(FailedAttempt.count > 0).count() == before


@pytest.mark.parametrize("known", [True, False])
def test_a_burst_of_guesses_gets_no_further(server: Server, user: Caller, known: bool) -> None:
    """Counted exactly, however many connections they come by."""
    email = user.email if known else f"nobody-{user.id}@test.example"
    with ThreadPoolExecutor(12) as pool:
        answers = [said(answer) for answer in pool.map(lambda _: login(server, email), range(48))]
    assert set(answers) == {WRONG, WAIT}
    # One more for each delay that may have ended meanwhile.
    assert LIMIT <= answers.count(WRONG) <= LIMIT + 2
    with server.context():
        assert FailedAttempt.select().where(FailedAttempt.count == answers.count(WRONG)).exists()


@pytest.fixture(scope="module")
def strict(make_server: Callable[..., Server]) -> Server:
    """A server of its own, as no test that fails on purpose shall be in the way of another."""
    return make_server(**{"auth.failed_attempts_anywhere": 5})


class TestAnywhere:
    """Few guesses at each of many accounts, and guesses at one account from many addresses."""

    def test_one_address_and_many_accounts(self, strict: Server) -> None:
        user, address = strict.user(), "203.0.113.20"
        for number in range(5):
            assert said(login(strict, f"somebody-{number}@test.example", address=address)) == WRONG
        assert said(login(strict, "another@test.example", address=address)) == WAIT
        assert said(login(strict, user.email, PASSWORD, address)) == WAIT, "nobody there is known"
        assert login(strict, user.email, PASSWORD, "203.0.113.21").status_code == 201, "other addresses"

    def test_one_account_and_many_addresses(self, strict: Server) -> None:
        user = strict.user()
        assert login(strict, user.email, PASSWORD, "198.51.100.1").status_code == 201
        for number in range(5):
            assert said(login(strict, user.email, address=f"203.0.113.{30 + number}")) == WRONG
        assert said(login(strict, user.email, address="203.0.113.40")) == WAIT
        assert said(login(strict, user.email, PASSWORD, "203.0.113.41")) == WAIT
        assert login(strict, user.email, PASSWORD, "198.51.100.1").status_code == 201, "he cannot be kept out at home"
        assert said(login(strict, user.email, address="198.51.100.1")) == WRONG

    def test_who_got_in_is_no_shield_for_guesses_at_others(self, strict: Server) -> None:
        mine, address = strict.user(), "203.0.113.50"
        for number in range(5):
            assert login(strict, mine.email, PASSWORD, address).status_code == 201
            assert said(login(strict, f"victim-{number}@test.example", address=address)) == WRONG
        assert said(login(strict, "victim@test.example", address=address)) == WAIT
        assert login(strict, mine.email, PASSWORD, address).status_code == 201

    def test_an_hour_without_any_forgets(self, strict: Server) -> None:
        address = "203.0.113.60"
        for _ in range(3):
            for number in range(4):
                assert said(login(strict, f"quiet-{number}@test.example", address=address)) == WRONG
            with strict.context():
                FailedAttempt.update(last_at=now() - attempts.QUIET - timedelta(seconds=1)).execute()

    def test_what_is_known_is_kept_for_longer(self, strict: Server) -> None:
        user = strict.user()
        login(strict, user.email, PASSWORD, "198.51.100.9")
        login(strict, user.email, "wrong", "198.51.100.10")
        with strict.context():
            FailedAttempt.update(last_at=now() - attempts.FORGET_AFTER - timedelta(seconds=1)).execute()
            attempts.forget_old_attempts()
            assert {row.count for row in FailedAttempt.select()} == {0}
            FailedAttempt.update(last_at=now() - attempts.KNOWN_FOR - timedelta(seconds=1)).execute()
            attempts.forget_old_attempts()
            assert FailedAttempt.select().count() == 0


class TestPinsAndPasswords:
    PIN = {"pinCode": "123456"}

    def test_pins(self, server: Server, user: Caller, other: Caller) -> None:
        user.post("/auth/pin-code", self.PIN)
        second = server.session_of(user)
        wrong = {"pinCode": "000000"}
        tries = [lambda: user.post("/auth/session/unlock", wrong), lambda: second.delete("/auth/pin-code", wrong),
                 lambda: user.api_key("all").put("/auth/pin-code", {**wrong, "newPinCode": "111111"})]
        for number in range(LIMIT):
            assert said(tries[number % 3]()) == (400, "Wrong PIN code")
        for attempt in tries:
            assert said(attempt()) == WAIT
        assert said(second.post("/auth/session/unlock", self.PIN)) == WAIT
        assert user.get("/auth/status").json["isElevated"] is False
        let_pass(server)
        assert second.post("/auth/session/unlock", self.PIN).status_code == 204
        assert said(user.post("/auth/session/unlock", wrong)) == (400, "Wrong PIN code")

    def test_passwords_count_together_wherever_they_are_asked_for(self, server: Server, user: Caller) -> None:
        user.post("/auth/pin-code", self.PIN)
        tries: list[Callable[[], TestResponse]] = [
            lambda: user.post("/auth/change-password", {"password": "wrong", "newPassword": "long enough"}),
            lambda: user.delete("/auth/pin-code", {"password": "wrong"}),
            lambda: login(server, user.email, address="127.0.0.1")]
        for number in range(LIMIT):
            assert tries[number % 3]().status_code in (400, 401)
        for attempt in tries:
            assert said(attempt()) == WAIT
        assert user.post("/auth/session/unlock", self.PIN).status_code == 204, "the PIN is another proof"


class TestProve:
    @pytest.fixture(autouse=True)
    def in_a_request(self, server: Server, user: Caller) -> object:
        server.activate()
        with server.app.test_request_context(environ_base={"REMOTE_ADDR": "198.51.100.1"}), connected():
            yield

    def fail(self, account: str, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(BadRequest, match="wrong"):
                prove("test", account, lambda: False, BadRequest("wrong"))

    def test_is_not_even_checked_while_waiting(self, user: Caller) -> None:
        self.fail(user.id, LIMIT)
        with pytest.raises(TooManyAttempts):
            prove("test", user.id, lambda: pytest.fail("checked"), BadRequest("wrong"))
        prove("another kind", user.id, lambda: True, BadRequest("wrong"))

    @pytest.mark.parametrize("right", [True, False])
    def test_what_is_found_out_after_the_delay_began_is_not_told(self, user: Caller, right: bool) -> None:
        def slow() -> bool:
            self.fail(user.id, LIMIT)
            return right

        with pytest.raises(TooManyAttempts) as error:
            prove("test", user.id, slow, BadRequest("wrong"))
        assert error.value.headers == {"Retry-After": "1"}

    def test_stores_nothing_readable(self, user: Caller) -> None:
        self.fail("somebody@test.example" * 1000)
        last = FailedAttempt.select().order_by(FailedAttempt.last_at.desc()).first()
        assert len(last.subject) == 64

    def test_not_in_a_transaction(self, user: Caller) -> None:
        with atomic(), pytest.raises(RuntimeError):
            prove("test", user.id, lambda: True, BadRequest("wrong"))

    @pytest.mark.parametrize(("address", "network"), [
        ("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("::1", "::"),
        ("::ffff:203.0.113.7", "203.0.113.7"), ("203.0.113.7:4711", "203.0.113.7"), ("[2001:db8::1]:80", "2001:db8::"),
        ("[2001:db8::1]", "2001:db8::"), ("fe80::1%eth0", "fe80::"), ("", ""), ("unix:", "unix:")])
    def test_addresses(self, address: str, network: str) -> None:
        assert attempts._network(address) == network
