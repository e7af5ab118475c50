"""Links with a password."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest

from immich_flask.testing import Caller, Server
from plugins.shared_links.passwords import COOKIE, MOST_TOKENS
from tests.plugins.shared_links.conftest import album, share

Guest = Callable[[dict], Caller]


def cookie(response: object) -> tuple[str, dict[str, str]]:
    """Value and attributes of the only cookie that was set."""
    line, = response.headers.getlist("Set-Cookie")
    (name, value), *rest = (part.partition("=")[::2] for part in line.split("; "))
    assert name == COOKIE
    return value, dict(rest)


def me(caller: Caller, value: str = "") -> tuple[int, str]:
    response = caller.get("/shared-links/me", headers={"Cookie": f"{COOKIE}={value}"})
    return response.status_code, response.json.get("message", response.json.get("id"))


SHUT = (401, "Password required")


def test_the_password_is_asked_for_once(user: Caller, guest: Guest) -> None:
    link = share(user, user.asset(), password="Öpen, please")
    caller = guest(link)
    assert me(caller) == SHUT
    answer = caller.post("/shared-links/login", {"password": "Öpen, please"})
    assert (answer.status_code, answer.json["id"], answer.json["password"]) == (201, link["id"], "Öpen, please")
    value, attributes = cookie(answer)
    assert attributes == {"HttpOnly": "", "Max-Age": "86400", "Path": "/", "SameSite": "Lax",
                          **({"Expires": attributes["Expires"]} if "Expires" in attributes else {})}
    assert me(caller, value) == (200, link["id"])
    user.patch(f"/shared-links/{link['id']}", {"password": "other"})
    assert me(caller, value) == SHUT
    user.patch(f"/shared-links/{link['id']}", {"password": None})
    assert me(caller) == (200, link["id"])


def test_the_cookie_is_for_https_where_that_is_spoken(server: Server, user: Caller, guest: Guest) -> None:
    caller = guest(share(user, user.asset(), password="p"))
    answer = caller.open("POST", "/shared-links/login", {"password": "p"}, base_url="https://photos.example")
    assert "Secure" in cookie(answer)[1]


@pytest.mark.parametrize("value", ["abc", ",,,", "%", "%ff%fe", '"\\377', "é", "%F0%9F%92%A9", "a" * 5000, "%2C%2C"])
def test_wrong_cookies(user: Caller, guest: Guest, value: str) -> None:
    caller = guest(share(user, user.asset(), password="p"))
    response = caller.get("/shared-links/me", headers={"Cookie": f"{COOKIE}={value}".encode().decode("latin-1")})
    assert (response.status_code, response.json["message"]) == SHUT


def test_several_links_in_one_browser(user: Caller, guest: Guest) -> None:
    links = [share(user, user.asset(), password=f"p{n}") for n in range(3)]
    value = ""
    for n, link in enumerate(links * 2):
        answer = guest(link).post("/shared-links/login", {"password": f"p{n % 3}"},
                                  headers={"Cookie": f"{COOKIE}={value}"})
        value, _ = cookie(answer)
    assert len(unquote(value).split(",")) == 3
    assert [me(guest(link), value)[0] for link in links] == [200, 200, 200]
    crowded = "%2C".join(["x"] * 200)
    answer = guest(links[0]).post("/shared-links/login", {"password": "p0"}, headers={"Cookie": f"{COOKIE}={crowded}"})
    value, _ = cookie(answer)
    assert (len(unquote(value).split(",")), me(guest(links[0]), value)[0]) == (MOST_TOKENS, 200)


def test_refusals(server: Server, user: Caller, guest: Guest) -> None:
    free, shut = share(user, user.asset()), share(user, user.asset(), password="Open")

    def login(caller: Caller, body: dict) -> tuple[int, str]:
        response = caller.post("/shared-links/login", body)
        assert "Set-Cookie" not in response.headers
        return response.status_code, response.json["message"]

    assert login(guest(shut), {"password": "open"}) == (401, "Invalid password")
    assert login(guest(shut), {"password": ""}) == (401, "Invalid password")
    assert login(guest(shut), {}) == (400, "Validation failed")
    assert login(guest(free), {"password": "x"}) == (400, "Shared link is not password protected")
    assert login(user, {"password": "x"}) == (403, "Forbidden")
    assert login(server.nobody, {"password": "x"}) == (401, "Authentication required")
    assert user.get("/shared-links/me").json == {"message": "Forbidden"}
    assert user.api_key("sharedLink.read").get("/shared-links/me").json == {
        "message": "Missing required permission: all"}


def test_an_empty_password_is_none(user: Caller, guest: Guest) -> None:
    link = share(user, user.asset(), password="")
    assert me(guest(link)) == (200, link["id"])


def test_guessing_is_slow_for_the_guesser_alone(server: Server, user: Caller, guest: Guest) -> None:
    shut, another = (share(user, user.asset(), password="right") for _ in range(2))

    def attempt(link: dict, password: str, address: str = "192.0.2.1") -> int:
        return guest(link).open("POST", "/shared-links/login", {"password": password},
                                environ_overrides={"REMOTE_ADDR": address}).status_code

    statuses = [attempt(shut, f"guess {n}") for n in range(server.runtime.config.auth.failed_attempts + 2)]
    assert set(statuses) == {401, 429}
    assert statuses[-1] == attempt(shut, "right") == 429
    assert attempt(another, "right") == attempt(shut, "right", "192.0.2.2") == 201


def test_the_key_alone_opens_everything_else(user: Caller, guest: Guest) -> None:
    """As in the original: ids are told by `/me` only."""
    asset = user.asset()
    holiday = album(user, asset)
    caller = guest(share(user, albumId=holiday, password="p"))
    assert caller.get(f"/assets/{asset}/thumbnail").status_code == 200
    assert caller.get(f"/albums/{holiday}").status_code == 200
