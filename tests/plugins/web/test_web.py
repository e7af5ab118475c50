"""What a browser gets: the official client's build, or our own page; never what lies beside it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import load_config
from immich_flask.testing import Server

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


class Browser:
    """Asks for addresses outside `/api`; reads and closes every answer."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, path: str, *, method: str = "GET", **headers: str) -> TestResponse:
        self.server.activate()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.server.app.test_client().open(path, method=method, headers=names) as response:
            response.get_data()
            return response


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """A folder such as the official client's build, and what must not get out from around it."""
    top = tmp_path_factory.mktemp("web")
    (top / "secret.txt").write_text("hidden treasure")
    root = top / "www"
    (root / "_app" / "immutable").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Immich</title>")
    (root / "favicon.ico").write_bytes(b"icon")
    (root / ".env").write_text("hidden treasure")
    (root / "link.txt").symlink_to(top / "secret.txt")
    script = b"console.log('immutable');" * 20
    for name in ("both.js", "gzip.js", "plain.js"):
        (root / "_app" / "immutable" / name).write_bytes(script)
    (root / "_app" / "immutable" / "both.js.br").write_bytes(b"brotli")
    for name in ("both.js", "gzip.js"):
        (root / "_app" / "immutable" / f"{name}.gz").write_bytes(gzip.compress(script))
    return root


@pytest.fixture(scope="module")
def site(make_server, build) -> Browser:
    return Browser(make_server(**{"web.root": str(build)}))


@pytest.fixture(scope="module")
def bare(make_server) -> Browser:
    return Browser(make_server())


class TestBuild:
    @pytest.mark.parametrize("path", ["/", "/index.html", "/photos", "/albums/abc", "/no.such.file"])
    def test_addresses_of_the_client_give_the_index(self, site, path):
        answer = site(path, **HTML)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert "<title>Immich" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"

    def test_who_wants_no_html_gets_none(self, site):
        answer = site("/photos", **JSON)
        assert (answer.status_code, answer.mimetype) == (406, "application/json")
        assert site("/photos").status_code == 200
        assert site("/favicon.ico", **JSON).status_code == 200

    def test_files(self, site):
        icon = site("/favicon.ico")
        assert (icon.data, icon.headers["Cache-Control"]) == (b"icon", "no-cache")
        assert site("/favicon.ico", If_None_Match=icon.headers["ETag"]).status_code == 304
        assert site("/favicon.ico", method="HEAD").headers["Content-Length"] == "4"

    def test_what_never_changes(self, site):
        answer = site("/_app/immutable/plain.js")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.mimetype in ("text/javascript", "application/javascript")
        assert "Vary" not in answer.headers

    @pytest.mark.parametrize(("name", "accepted", "encoding"), [
        ("both.js", "gzip, deflate, br", "br"), ("both.js", "gzip", "gzip"), ("gzip.js", "gzip, br", "gzip"),
        ("both.js", "identity", None), ("both.js", "", None), ("both.js", "br;q=0, gzip", "gzip"),
        ("plain.js", "gzip, br", None),
    ])
    def test_compressed_siblings(self, site, name, accepted, encoding):
        answer = site(f"/_app/immutable/{name}", Accept_Encoding=accepted)
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.mimetype in ("text/javascript", "application/javascript")
        assert ("Vary" in answer.headers) == (name != "plain.js")
        assert (b"console" in answer.data) == (encoding is None)

    def test_scripts_of_another_release(self, site):
        assert site("/_app/immutable/gone.js", **HTML).status_code == 404

    @pytest.mark.parametrize("path", [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/_app/../../secret.txt", "/link.txt", "/.env",
        "/_app%5c..%5csecret.txt", "//etc/passwd", "/%00", "/" + "a" * 5000, "/_app/immutable/%00.js",
    ])
    def test_nothing_else_gets_out(self, site, path):
        answer = site(path, **HTML)
        assert b"treasure" not in answer.data
        assert b"root:" not in answer.data
        assert answer.status_code in (200, 308, 404)
        assert answer.status_code != 200 or "<title>Immich" in answer.text

    @pytest.mark.parametrize(("method", "path"), [
        ("GET", "/api"), ("GET", "/api/"), ("GET", "/api/nothing"), ("POST", "/api/server/ping"), ("POST", "/photos"),
        ("OPTIONS", "/api/nothing"),
    ])
    def test_the_api_keeps_its_own_404(self, site, method, path):
        answer = site(path, method=method, **HTML)
        assert (answer.status_code, answer.json) == (404, {"message": f"Cannot {method} {path}"})

    def test_the_api_and_the_roots_are_in_front(self, site):
        assert site("/api/server/ping").json == {"res": "pong"}
        assert site("/.well-known/immich").json == {"api": {"endpoint": "/api"}}
        assert site("/custom.css").mimetype == "text/css"

    def test_a_root_without_index_stops_startup(self, tmp_path):
        with pytest.raises(ConfigError, match="there is no index.html in it"):
            load_config(overrides={"web.root": str(tmp_path)}, environ={})


class TestOwnPage:
    def test_it_says_what_to_do(self, bare):
        page = bare("/", Host="photos.example:2283", **HTML)
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert "http://photos.example:2283" in page.text
        assert "3.1.0" in page.text
        assert page.headers["Cache-Control"] == "no-store"

    def test_the_form_goes_when_there_is_an_administrator(self, make_server):
        server = make_server()
        assert "admin-form" in Browser(server)("/").text
        server.user(is_admin=True)
        assert "admin-form" not in Browser(server)("/").text

    def test_it_is_accessible(self, bare):
        text = bare("/").text
        assert '<html lang="en">' in text
        assert 'name="viewport"' in text
        assert len(re.findall("<h1>", text)) == 1
        for name in re.findall(r'<input id="(\w+)"', text):
            assert re.search(f'<label[^>]* for="{name}"', text)
        for name in re.findall(r'aria-labelledby="(\w+)"', text):
            assert f'<h2 id="{name}">' in text

    def test_nothing_comes_from_elsewhere(self, bare):
        page = bare("/", Host="photos.example")
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert [address for address in loaded if not address.startswith(("/", "data:"))] == []
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for name in ("page.css", "page.js"):
            assert bare(f"/_page/{name}").status_code == 200

    def test_text_is_escaped(self, make_server):
        server = make_server(**{"web.external_domain": "https://x/<script>"})
        assert "<script>" not in Browser(server)("/").text.replace('<script src="', "")

    def test_other_pages(self, bare):
        missing = bare("/share/key", **HTML)
        assert (missing.status_code, missing.mimetype) == (404, "text/html")
        assert bare("/share/key", **JSON).status_code == 406
        assert bare("/api/nothing", **HTML).json == {"message": "Cannot GET /api/nothing"}


def test_without_the_plugin(make_server):
    browser = Browser(make_server(**{"plugins.disabled": ["web"]}))
    assert (browser("/").status_code, browser("/").json) == (404, {"message": "Cannot GET /"})
    assert browser("/api/server/ping").json == {"res": "pong"}
