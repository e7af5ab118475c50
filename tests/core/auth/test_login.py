"""Signing up, logging in and out, the cookies, changing the password."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from immich_flask.contracts.enums import UserMetadataKey
from immich_flask.core.auth.secrets import digest
from immich_flask.core.models import Session, User, UserMetadata
from immich_flask.core.settings import system_config, update_system_config
from immich_flask.testing.callers import PASSWORD, Caller, Server

ADMIN = {"email": "admin@test.example", "name": "Admin", "password": PASSWORD}
NEW = "Another-Sesame-2"


def login(server: Server, email: str, password: str = PASSWORD, **options: object) -> TestResponse:
    return server.nobody.open("POST", "/auth/login", {"email": email, "password": password}, **options)


def said(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def paths(response: TestResponse) -> list:
    assert said(response) == (400, "Validation failed")
    return [error["path"] for error in response.json["errors"]]


class TestSignUp:
    def test_the_first_user_is_administrator(self, make_server: Callable[..., Server]) -> None:
        server = make_server()
        response = server.nobody.post("/auth/admin-sign-up", {**ADMIN, "email": "Admin@Test.Example"})
        assert response.status_code == 201
        admin = response.json
        assert (admin["email"], admin["name"], admin["isAdmin"], admin["storageLabel"], admin["status"],
                admin["shouldChangePassword"]) == ("admin@test.example", "Admin", True, "admin", "active", True)
        assert "Set-Cookie" not in response.headers
        assert login(server, ADMIN["email"]).json["isAdmin"] is True
        assert said(server.nobody.post("/auth/admin-sign-up", {**ADMIN, "email": "second@test.example"})) == (
            400, "The server already has an admin")
        with server.context():
            assert User.select().count() == 1

    def test_only_one_of_many_at_once(self, make_server: Callable[..., Server]) -> None:
        server = make_server()
        people = [{**ADMIN, "email": f"admin{number}@test.example"} for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda body: server.nobody.post("/auth/admin-sign-up", body), people))
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400, 400]
        assert {answer.json.get("message") for answer in answers} == {None, "The server already has an admin"}
        with server.context():
            assert User.select().count() == 1

    def test_bad_ones(self, server: Server) -> None:
        sign_up = server.nobody.post
        assert paths(sign_up("/auth/admin-sign-up", {})) == [["email"], ["password"], ["name"]]
        assert paths(sign_up("/auth/admin-sign-up", {**ADMIN, "name": None})) == [["name"]]
        assert paths(sign_up("/auth/admin-sign-up", {**ADMIN, "email": "second"})) == [["email"]]
        assert said(sign_up("/auth/admin-sign-up", {**ADMIN, "password": ""})) == (400, "password is required")


class TestLogin:
    def test_the_answer(self, server: Server, user: Caller) -> None:
        response = login(server, user.email.upper())
        assert response.status_code == 201
        body = response.json
        token = body.pop("accessToken")
        assert re.fullmatch(r"[A-Za-z0-9]{30,44}", token)
        assert body == {"userId": user.id, "userEmail": user.email, "name": "user", "isAdmin": False,
                        "profileImagePath": "", "shouldChangePassword": False, "isOnboarded": False}
        with server.context():
            row = Session.get(Session.token == digest(token))
            assert (row.user_id, row.parent_id, row.expires_at, row.pin_expires_at) == (user.id, None, None, None)
            assert not Session.select().where(Session.token == token).exists(), "the token itself is nowhere"

    def test_who_was_onboarded(self, server: Server, user: Caller) -> None:
        with server.context():
            UserMetadata.create(user=user.id, key=UserMetadataKey.ONBOARDING, value={"isOnboarded": True})
        assert login(server, user.email).json["isOnboarded"] is True

    @pytest.mark.parametrize("password", [PASSWORD + "!", PASSWORD.lower(), ""])
    def test_a_wrong_password(self, server: Server, user: Caller, password: str) -> None:
        response = login(server, user.email, password)
        assert said(response) == (401, "Incorrect email or password")
        assert "Set-Cookie" not in response.headers

    def test_nobody_with_this_address(self, server: Server) -> None:
        assert said(login(server, "nobody@test.example")) == (401, "Incorrect email or password")

    def test_an_account_without_password(self, server: Server) -> None:
        caller = server.user()
        with server.context():
            User.update(password="").where(User.id == caller.id).execute()
        assert said(login(server, caller.email, "")) == (401, "Incorrect email or password")

    def test_a_soft_deleted_account(self, server: Server, user: Caller) -> None:
        assert server.admin.delete(f"/admin/users/{user.id}", {}).status_code == 200
        assert said(login(server, user.email)) == (401, "Incorrect email or password")
        assert said(user.get("/auth/status")) == (401, "Invalid user token")
        assert said(user.api_key("all").get("/auth/status")) == (401, "Invalid API key")
        assert server.admin.post(f"/admin/users/{user.id}/restore").status_code == 200
        assert user.get("/auth/status").status_code == 200

    def test_bad_ones(self, server: Server) -> None:
        post = server.nobody.post
        assert paths(post("/auth/login", {})) == [["email"], ["password"]]
        assert paths(post("/auth/login", {"email": "me", "password": 12345678})) == [["email"], ["password"]]
        assert paths(post("/auth/login", {"email": ["a@b"], "password": "x"})) == [["email"]]
        assert paths(post("/auth/login")) == [[]]

    def test_long_passwords_do_not_crash(self, server: Server) -> None:
        caller = server.user()
        long = "ü" * 100
        assert caller.post("/auth/change-password", {"password": PASSWORD, "newPassword": long}).status_code == 200
        assert login(server, caller.email, long).status_code == 201

    def test_switched_off(self, make_server: Callable[..., Server]) -> None:
        server = make_server()
        user = server.user()
        with server.context():
            config = {**system_config(), "passwordLogin": {"enabled": False}}
            update_system_config(config)
        assert said(login(server, user.email)) == (401, "Password login has been disabled")
        assert user.get("/auth/status").status_code == 200

    def test_time_does_not_tell_who_exists(self, make_server: Callable[..., Server]) -> None:
        server = make_server(**{"auth.bcrypt_rounds": 8})
        with server.context():
            known = server.user().email
            login(server, "somebody@test.example", "wrong")  # makes the hash that is compared for unknown ones

        def median(email: str) -> float:
            times = []
            for _ in range(7):
                # Of this thread alone, as others run beside it.
                begin = time.thread_time()
                assert login(server, email, "wrong").status_code == 401
                times.append(time.thread_time() - begin)
            return statistics.median(times)

        assert 0.5 < median(known) / median("nobody@test.example") < 2


class TestCookies:
    def cookies(self, response: TestResponse) -> dict[str, str]:
        """Name → attributes, without value and date."""
        found = {}
        for line in response.headers.getlist("Set-Cookie"):
            first, *rest = line.split("; ")
            name, _, value = first.partition("=")
            found[name] = "; ".join([value, *(part for part in rest if not part.startswith("Expires="))])
        return found

    def test_of_a_login(self, server: Server, user: Caller) -> None:
        response = login(server, user.email)
        token = response.json["accessToken"]
        assert self.cookies(response) == {
            "immich_access_token": f"{token}; Max-Age=34560000; HttpOnly; Path=/; SameSite=Lax",
            "immich_auth_type": "password; Max-Age=34560000; HttpOnly; Path=/; SameSite=Lax",
            "immich_is_authenticated": "true; Max-Age=34560000; Path=/; SameSite=Lax",
        }

    def test_secure_on_https_only(self, server: Server, user: Caller) -> None:
        response = login(server, user.email, base_url="https://photos.test.example")
        assert [("Secure" in cookie.split("; ")) for cookie in self.cookies(response).values()] == [True, True, True]

    def test_lifetime_is_configurable(self, make_server: Callable[..., Server]) -> None:
        server = make_server(**{"auth.session_days": 30})
        response = login(server, server.user().email)
        assert all("Max-Age=2592000" in cookie for cookie in self.cookies(response).values())

    def test_of_a_logout(self, server: Server, user: Caller) -> None:
        response = user.post("/auth/logout")
        assert self.cookies(response) == {
            "immich_access_token": "; Path=/", "immich_auth_type": "; Path=/", "immich_is_authenticated": "; Path=/"}
        assert response.headers.getlist("Set-Cookie")[0] == (
            "immich_access_token=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/")

    def test_a_browser_lives_on_them(self, server: Server, user: Caller) -> None:
        server.activate()
        browser = server.app.test_client()
        browser.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
        assert browser.get("/api/users/me").json["id"] == user.id
        assert browser.post("/api/auth/logout").status_code == 200
        assert browser.get_cookie("immich_access_token") is None
        assert said(browser.get("/api/users/me")) == (401, "Authentication required")


class TestLogout:
    def test_ends_the_session_and_those_it_made(self, server: Server, user: Caller, ended: Callable) -> None:
        elsewhere = server.session_of(user)
        child = user.post("/sessions", {}).json
        with ended() as events:
            response = user.post("/auth/logout")
        assert (response.status_code, response.json) == (
            200, {"successful": True, "redirectUri": "/auth/login?autoLaunch=0"})
        [event] = events
        assert (set(event.session_ids), event.user_id) == ({user.session_id, child["id"]}, user.id)
        assert said(user.post("/auth/logout")) == (401, "Invalid user token")
        assert said(server.nobody.get("/auth/status", sessionKey=child["token"])) == (401, "Invalid user token")
        assert elsewhere.get("/auth/status").status_code == 200

    def test_a_key_goes_on(self, user: Caller, ended: Callable) -> None:
        key = user.api_key("all")
        with ended() as events:
            assert key.post("/auth/logout").json["successful"] is True
        assert events == []
        assert key.get("/auth/status").status_code == 200
        assert user.get("/auth/status").status_code == 200


class TestChangePassword:
    def change(self, caller: Caller, **body: object) -> TestResponse:
        return caller.post("/auth/change-password", {"password": PASSWORD, "newPassword": NEW, **body})

    @pytest.mark.parametrize("flag", [{}, {"invalidateSessions": False}, {"invalidateSessions": True}])
    def test_ends_all_other_sessions(self, server: Server, user: Caller, ended: Callable, flag: dict) -> None:
        elsewhere, key = server.session_of(user), user.api_key("all")
        child = user.post("/sessions", {}).json
        with ended() as events:
            response = self.change(user, **flag)
        assert (response.status_code, response.json["id"], response.json["shouldChangePassword"]) == (
            200, user.id, False)
        assert {id for event in events for id in event.session_ids} == {elsewhere.session_id, child["id"]}
        assert user.get("/auth/status").status_code == 200
        assert key.get("/auth/status").status_code == 200
        assert said(elsewhere.get("/auth/status")) == (401, "Invalid user token")
        assert login(server, user.email).status_code == 401
        assert login(server, user.email, NEW).status_code == 201

    def test_the_reminder_stays(self, server: Server) -> None:
        user = server.user()
        with server.context():
            User.update(should_change_password=True).where(User.id == user.id).execute()
        assert self.change(user).json["shouldChangePassword"] is True

    def test_by_key_all_sessions_end(self, server: Server, user: Caller) -> None:
        assert self.change(user.api_key("auth.changePassword")).status_code == 200
        assert said(user.get("/auth/status")) == (401, "Invalid user token")

    def test_refused(self, server: Server, user: Caller) -> None:
        elsewhere = server.session_of(user)
        assert said(self.change(user, password="wrong")) == (400, "Wrong password")
        assert paths(self.change(user, newPassword="1234567")) == [["newPassword"]]
        assert paths(self.change(user, invalidateSessions="yes")) == [["invalidateSessions"]]
        assert paths(user.post("/auth/change-password", {})) == [["password"], ["newPassword"]]
        assert said(self.change(user.api_key("user.update"))) == (
            403, "Missing required permission: auth.changePassword")
        assert elsewhere.get("/auth/status").status_code == 200
        assert login(server, user.email).status_code == 201

    def test_one_of_two_at_once(self, server: Server, user: Caller) -> None:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda number: self.change(user, newPassword=f"{NEW}-{number}"), range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
        assert login(server, user.email, f"{NEW}-{winner}").status_code == 201

    def test_no_session_begins_with_a_password_that_was_just_changed(self, server: Server, user: Caller) -> None:
        """Whoever logs in while the password is changed either is too late, or his session ends with the change."""
        with ThreadPoolExecutor(5) as pool:
            logins = [pool.submit(login, server, user.email) for _ in range(8)]
            assert self.change(user).status_code == 200
            tokens = [done.json["accessToken"] for done in (future.result() for future in logins)
                      if done.status_code == 201]
        assert [server.nobody.get("/auth/status", sessionKey=token).status_code for token in tokens] == (
            [401] * len(tokens))
