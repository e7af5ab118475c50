"""What the page of a link says to programs that preview addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from immich_flask.testing import Caller, Server
from tests.plugins.shared_links.conftest import album, share

INDEX = "<!doctype html><head><!-- metadata:tags --><title>Immich</title></head>"


@pytest.fixture(scope="module")
def site(make_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("web")
    (root / "index.html").write_text(INDEX)
    site = make_server(**{"web.root": str(root)})
    site.admin = site.user("admin", is_admin=True)
    yield site


@pytest.fixture
def owner(site: Server) -> Caller:
    return site.user()


def page(site: Server, path: str, **options: Any) -> TestResponse:
    site.activate()
    response = site.app.test_client().get(path, headers={"Accept": "text/html"}, buffered=True, **options)
    assert site.database.is_closed()
    return response


def tags(response: TestResponse) -> dict[str, str]:
    assert "<!-- metadata:tags -->" not in response.text
    found = re.findall(r'<meta (?:property|name)="([^"]*)" content="([^"]*)" />', response.text)
    return {name: unescape(value) for name, value in found}


def test_assets(site: Server, owner: Caller) -> None:
    new, old = owner.asset(), owner.asset(fileCreatedAt="2020-01-01T00:00:00.000Z")
    link = share(owner, new, old, slug=f"trip-{owner.id}")
    for path in (f"/share/{link['key']}", f"/s/{link['slug']}", f"/share/{link['key']}/photos/{new}"):
        response = page(site, path)
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
        assert tags(response) == {
            "description": "2 shared photos & videos", "og:type": "website", "og:title": "Public Share",
            "og:description": "2 shared photos & videos",
            "og:image": f"http://localhost/api/assets/{old}/thumbnail?key={link['key']}"}
    owner.patch(f"/shared-links/{link['id']}", {"description": "Our <trip> & \"more\""})
    response = page(site, f"/share/{link['key']}")
    assert tags(response)["og:description"] == 'Our <trip> & "more"'
    assert "<trip>" not in response.text


def test_an_album(site: Server, owner: Caller) -> None:
    asset = owner.asset()
    holiday = album(owner, asset, albumName='Sea "side"')
    link = share(owner, albumId=holiday)
    said = tags(page(site, f"/share/{link['key']}"))
    assert (said["og:title"], said["og:description"]) == ('Sea "side"', "1 shared photos & videos")
    assert f"/api/assets/{asset}/thumbnail?key={link['key']}" in said["og:image"]
    owner.delete("/assets", {"ids": [asset]})
    assert tags(page(site, f"/share/{link['key']}"))["og:image"] == "http://localhost/feature-panel.png"


def test_the_address_is_the_public_one(site: Server, owner: Caller) -> None:
    link = share(owner, owner.asset())
    assert tags(page(site, f"/share/{link['key']}", base_url="https://photos.example"))["og:image"].startswith(
        "https://photos.example/api/assets/")
    assert "og:image" not in tags(page(site, f"/share/{link['key']}", environ_overrides={"HTTP_HOST": ""}))
    config = site.admin.get("/system-config").json
    config["server"]["externalDomain"] = "https://public.example"
    assert site.admin.put("/system-config", config).status_code == 200
    assert tags(page(site, f"/share/{link['key']}"))["og:image"].startswith("https://public.example/api/assets/")


def test_a_password_keeps_all_of_it(site: Server, owner: Caller) -> None:
    link = share(owner, owner.asset(), password="p", description="secret")
    response = page(site, f"/share/{link['key']}")
    assert (response.status_code, response.text) == (200, INDEX)


def test_what_is_no_link_is_not_found(site: Server, owner: Caller) -> None:
    old = share(owner, owner.asset(), expiresAt="2020-01-01T00:00:00.000Z", slug=f"old-{owner.id}")
    for path in ("/share/x", "/s/x", f"/share/{old['key']}", f"/s/{old['slug']}", "/share/%00", "/s/%00",
                 "/s/%F0%9F%92%A9"):
        response = page(site, path)
        assert (response.status_code, response.text) == (404, INDEX), path
        assert response.headers["Cache-Control"] == "no-store"


def test_other_pages_stay_as_they_are(site: Server) -> None:
    for path in ("/", "/share", "/share/", "/shares/x", "/photos", "/sx"):
        assert (page(site, path).status_code, page(site, path).text) == (200, INDEX), path


def test_without_the_plugin(make_server: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(INDEX)
    site = make_server(**{"web.root": str(tmp_path), "plugins.disabled": ["shared_links"]})
    assert (page(site, "/share/x").status_code, page(site, "/share/x").text) == (200, INDEX)
