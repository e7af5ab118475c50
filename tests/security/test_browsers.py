"""What the pages of others can make somebody's browser do here, and what an upload can do in it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from immich_flask.core.auth.authenticate import ACCESS_COOKIE
from immich_flask.core.models import Session
from immich_flask.testing import Caller, Server, photo
from immich_flask.testing.callers import PASSWORD

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.cookie)</script></svg>'
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"

ELSEWHERE = ("cross-site", "same-site")


@pytest.fixture
def browser(server: Server, user: Caller) -> Caller:
    """Who has nothing but the cookie of his login."""
    return Caller(server, {"Cookie": f"{ACCESS_COOKIE}={user.token}"}, id=user.id)


class TestPagesOfOthers:
    @pytest.mark.parametrize("site", ELSEWHERE)
    def test_cannot_change_anything(self, browser: Caller, user: Caller, site: str) -> None:
        asset = user.asset()
        form = {"fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-15T10:00:00.000Z",
                "assetData": (io.BytesIO(photo()), "a.jpg")}
        tries = (("POST", "/trash/empty", {}), ("POST", "/auth/logout", {}), ("DELETE", "/sessions", {}),
                 ("POST", "/assets", {"data": form, "content_type": "multipart/form-data"}),
                 ("DELETE", "/assets", {"body": {"ids": [asset]}}), ("PUT", "/users/me", {"body": {"name": "x"}}))
        for method, path, options in tries:
            answer = browser.open(method, path, headers={"Sec-Fetch-Site": site}, **options)
            assert (answer.status_code, answer.json["message"]) == (403, "Cross-site request"), path
        assert user.get("/auth/status").status_code == 200
        assert user.get("/assets/statistics").json["total"] == 1

    @pytest.mark.parametrize("site", ["same-origin", "none", None])
    def test_its_own_page_can(self, browser: Caller, site: str | None) -> None:
        headers = {"Sec-Fetch-Site": site} if site else {}
        assert browser.open("PUT", "/users/me", {"name": "Ann"}, headers=headers).json["name"] == "Ann"

    @pytest.mark.parametrize("site", ELSEWHERE)
    def test_links_to_here_work(self, browser: Caller, site: str) -> None:
        assert browser.get("/users/me", headers={"Sec-Fetch-Site": site}).status_code == 200

    def test_who_shows_a_credential_means_it(self, user: Caller) -> None:
        """No browser adds one by itself."""
        for caller in (user, user.api_key("all")):
            answer = caller.open("PUT", "/users/me", {"name": "Ann"}, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 200

    def test_cannot_listen(self, browser: Caller, server: Server, user: Caller) -> None:
        from plugins.realtime.callers import caller_of
        for site, heard in (("same-site", None), ("cross-site", None), ("same-origin", user.id)):
            with server.context(), server.app.test_request_context("/api/socket.io/", headers={
                    **browser.headers, "Upgrade": "websocket", "Sec-Fetch-Site": site}) as context:
                caller = caller_of(context.request)
                assert (caller and caller.user_id) == heard

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
    def test_a_form_logs_nobody_in(self, server: Server, user: Caller, kind: str) -> None:
        """Into the account of the attacker, for what is uploaded then."""
        text = '{"email": "%s", "password": "%s", "x": "="}' % (user.email, PASSWORD)
        answer = server.nobody.open("POST", "/auth/login", data=text, content_type=kind)
        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers

    def test_no_other_origin_may_read(self, user: Caller) -> None:
        for method in ("GET", "OPTIONS"):
            answer = user.open(method, "/users/me", headers={"Origin": "https://evil.example"})
            assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]


def test_a_login_takes_no_session_over(server: Server, user: Caller, other: Caller) -> None:
    """A token that was put into somebody's browser is not the one that he has after logging in."""
    known = "a" * 40
    answer = server.nobody.open("POST", "/auth/login", {"email": user.email, "password": PASSWORD}, headers={
        "Cookie": f"{ACCESS_COOKIE}={known}; {ACCESS_COOKIE}={other.token}"})
    token = answer.json["accessToken"]
    assert token not in (known, other.token)
    assert f"{ACCESS_COOKIE}={token};" in str(answer.headers.getlist("Set-Cookie"))
    assert Caller(server, {"Authorization": f"Bearer {known}"}).get("/users/me").status_code == 401
    with server.context():
        assert Session.get_by_id(other.session_id).user_id == other.id


def answers(user: Caller, asset: str) -> Iterator[TestResponse]:
    for path in ("original", "thumbnail", "video/playback"):
        answer = user.get(f"/assets/{asset}/{path}")
        if answer.status_code == 200:
            yield answer


def is_harmless(answer: TestResponse) -> bool:
    """Whether a browser runs nothing of it, opened by itself."""
    return (answer.headers["X-Content-Type-Options"] == "nosniff"
            and "sandbox" in answer.headers["Content-Security-Policy"]
            and "default-src 'none'" in answer.headers["Content-Security-Policy"]
            and answer.mimetype not in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"))


class TestUploads:
    @pytest.mark.parametrize(("content", "name"), [
        (SCRIPT, "a.svg"), (PAGE, "a.jpg"), (PAGE, "a.svg"), (PAGE, "a.mp4"), (SCRIPT, "a.gif"), (PAGE, "a.html.jpg")])
    def test_run_nothing(self, user: Caller, content: bytes, name: str) -> None:
        asset = user.asset(content, name)
        found = list(answers(user, asset))
        assert found
        assert all(map(is_harmless, found))
        assert found[0].headers["Content-Disposition"].startswith("inline; filename*=UTF-8''a.")

    @pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xhtml", "a.xml", "a.js", "a.svgz", "a", "a.jpg.html"])
    def test_of_what_is_no_picture_are_refused(self, user: Caller, name: str) -> None:
        assert user.upload(PAGE, name).status_code == 400

    def test_of_profile_pictures_run_nothing(self, user: Caller) -> None:
        for content in (SCRIPT, PAGE):
            made = user.open("POST", "/users/profile-image", data={"file": (io.BytesIO(content), "a.svg")},
                             content_type="multipart/form-data")
            if made.status_code == 201:
                assert is_harmless(user.get(f"/users/{user.id}/profile-image"))

    @pytest.mark.parametrize("name", ['a\r\nSet-Cookie: x=y\r\n\r\n<p>.jpg', 'a".jpg', "a\x00.jpg", "a;b=c.jpg", "ä\u2028.jpg"])
    def test_names_are_no_headers(self, user: Caller, name: str) -> None:
        answer = user.upload(photo(), "plain.jpg", filename=name)
        if answer.status_code == 201:
            sent = user.get(f"/assets/{answer.json['id']}/original")
            assert sent.status_code == 200
            assert "Set-Cookie" not in sent.headers
            assert sent.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''")
            assert not set(sent.headers["Content-Disposition"]) & set('\r\n"<>\0')
        else:
            assert answer.status_code == 400

    @pytest.mark.parametrize("name", ["../../../etc/x.jpg", "..\\..\\x.jpg", "/etc/x.jpg", ".jpg", "....//x.jpg",
                                      "a/../../b.jpg", "C:\\x.jpg", "tmp/x.jpg", "x\u202egpj.exe.jpg"])
    def test_names_are_no_paths(self, server: Server, user: Caller, name: str) -> None:
        asset = user.asset(photo(), "plain.jpg", filename=name)
        told = user.get(f"/assets/{asset}").json
        prefix = f"originals/{user.id}/{asset}/"
        with server.context():
            keys = [each.key for each in server.runtime.storage.list(prefix)]
        assert len(keys) == 1 and "/" not in keys[0].removeprefix(prefix)
        assert ".." not in told["originalPath"].split("/")


def test_a_packed_body_is_not_unpacked(user: Caller) -> None:
    """A kilobyte of gzip can be a gigabyte; no client sends any."""
    import gzip
    answer = user.open("PUT", "/users/me", data=gzip.compress(b'{"name": "x"}'), content_type="application/json",
                       headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/api//evil.example",
                                  "///evil.example/", "/%2f%2fevil.example", "/api/assets//evil.example/thumbnail"])
def test_no_redirect_leads_elsewhere(server: Server, path: str) -> None:
    server.activate()
    answer = server.app.test_client().get(path, headers={"Host": "photos.example"})
    assert "Location" not in answer.headers


def test_a_redirect_stays_on_this_server(user: Caller) -> None:
    asset = user.asset()
    answer = user.get(f"/assets/{asset}/thumbnail", size="original", headers={
        "Host": "photos.example", "X-Forwarded-Prefix": "//evil.example"})
    assert answer.status_code in (302, 307) and answer.headers["Location"].startswith("/api/assets/")


def test_bodies_have_limits(server: Server, user: Caller) -> None:
    limit = server.runtime.config.server.max_body_mb * 1024 * 1024
    assert user.open("PUT", "/users/me", data=b" " * (limit + 1), content_type="application/json").status_code == 413
    deep = b"[" * 100_000 + b"]" * 100_000
    assert user.open("PUT", "/users/me", data=deep, content_type="application/json").status_code == 400
    fields = {f"x{number}": "y" for number in range(200)}
    assert user.upload(photo(), **fields).status_code == 400
    large = b'--b\r\nContent-Disposition: form-data; name="isFavorite"\r\n\r\n' + b"x" * (1024**2 + 1) + b"\r\n--b--\r\n"
    assert user.open("POST", "/assets", data=large, content_type="multipart/form-data; boundary=b").status_code == 400
    many = {"ids": [asset_id(number) for number in range(20_000)]}
    assert user.delete("/assets", many).status_code == 400, "none of them is his"


def asset_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"
