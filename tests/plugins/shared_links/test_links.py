"""Making, finding, changing and deleting links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_flask.testing import Caller, Server
from tests.plugins.shared_links.conftest import NOBODYS, album, share, shown

TERMS = ("description", "password", "expiresAt", "allowUpload", "allowDownload", "showMetadata", "slug")


def terms(link: dict) -> tuple:
    return tuple(link[name] for name in TERMS)


def said(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_what_a_link_is(user: Caller) -> None:
    new, old = user.asset(), user.asset(fileCreatedAt="2020-01-01T00:00:00.000Z")
    link = share(user, new, old)
    assert (link["type"], link["userId"], len(link["key"])) == ("INDIVIDUAL", user.id, 67)
    assert terms(link) == (None, None, None, True, True, True, None)
    assert [asset["id"] for asset in link["assets"]] == [old, new]
    assert "album" not in link
    whole = user.get(f"/shared-links/{link['id']}").json
    assert [asset["exifInfo"]["fileSizeInByte"] > 0 for asset in whole["assets"]] == [True, True]


def test_all_terms(user: Caller) -> None:
    given = {"description": "two", "password": "open", "expiresAt": "2099-01-02T03:04:05+02:00", "allowUpload": False,
             "allowDownload": False, "showMetadata": True, "slug": f"full-{uuid4()}"}
    link = share(user, user.asset(), **given)
    assert terms(link) == ("two", "open", "2099-01-02T01:04:05.000Z", False, False, True, given["slug"])


def test_what_is_empty_is_nothing_but_a_password(user: Caller) -> None:
    link = share(user, user.asset(), description="", slug="", password="", expiresAt=None)
    assert terms(link)[:3] + terms(link)[-1:] == (None, "", None, None)


def test_hidden_metadata_forbids_downloads_until_they_are_allowed(user: Caller) -> None:
    link = share(user, user.asset(), showMetadata=False, allowDownload=True)
    assert link["allowDownload"] is False
    assert user.patch(f"/shared-links/{link['id']}", {"allowDownload": True}).json["allowDownload"] is True
    seen = share(user, user.asset())
    assert user.patch(f"/shared-links/{seen['id']}", {"showMetadata": False}).json["allowDownload"] is True


def test_what_cannot_be_shared(user: Caller, other: Caller) -> None:
    mine, theirs = user.asset(), other.asset()
    shared = album(other, albumUsers=[{"userId": user.id, "role": "viewer"}])
    for body, message in (
        ({"type": "INDIVIDUAL"}, "Invalid assetIds"),
        ({"type": "INDIVIDUAL", "assetIds": []}, "Invalid assetIds"),
        ({"type": "INDIVIDUAL", "assetIds": [], "albumId": shared}, "Invalid assetIds"),
        ({"type": "INDIVIDUAL", "assetIds": [mine, theirs]}, "Not found or no asset.share access"),
        ({"type": "INDIVIDUAL", "assetIds": [NOBODYS]}, "Not found or no asset.share access"),
        ({"type": "ALBUM"}, "Invalid albumId"),
        ({"type": "ALBUM", "assetIds": [mine]}, "Invalid albumId"),
        ({"type": "ALBUM", "albumId": NOBODYS}, "Not found or no album.share access"),
        ({"type": "ALBUM", "albumId": shared}, "Not found or no album.share access"),
    ):
        assert said(user.post("/shared-links", body)) == (400, message), body
    assert user.get("/shared-links").json == []


def test_locked_assets_cannot_be_shared_by_anybody(user: Caller) -> None:
    locked = user.asset(visibility="locked")
    for caller in (user, user.elevated()):
        refused = caller.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [locked]})
        assert said(refused) == (400, "Not found or no asset.share access")


def test_the_type_decides_what_is_shared(user: Caller, other: Caller, guest: Callable) -> None:
    """A link to assets must not open an album by the way, nor the other way round."""
    asset, foreign = user.asset(), album(other, other.asset())
    link = share(user, asset)
    made = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [asset], "albumId": foreign}).json
    assert made["type"] == "INDIVIDUAL"
    assert said(guest(made).get(f"/albums/{foreign}")) == (400, "Not found or no album.read access")
    mine = album(user)
    made = user.post("/shared-links", {"type": "ALBUM", "albumId": mine, "assetIds": [other.asset()]}).json
    assert (made["type"], made["assets"]) == ("ALBUM", [])
    assert user.patch(f"/shared-links/{link['id']}", {"type": "ALBUM", "albumId": mine}).json["type"] == "INDIVIDUAL"


def test_bad_values(user: Caller) -> None:
    asset = user.asset()
    good = {"type": "INDIVIDUAL", "assetIds": [asset]}
    for wrong, path in (
        ({"type": "individual"}, ["type"]), ({"assetIds": ["x"]}, ["assetIds", 0]), ({"assetIds": asset}, ["assetIds"]),
        ({"expiresAt": "tomorrow"}, ["expiresAt"]), ({"expiresAt": "2099-01-01"}, ["expiresAt"]),
        ({"allowUpload": "yes"}, ["allowUpload"]), ({"password": 1234}, ["password"]),
        ({"password": "a\0b"}, ["password"]),
        ({"slug": "a" * 256}, ["slug"]), ({"slug": 5}, ["slug"]), ({"albumId": None}, ["albumId"]),
    ):
        refused = user.post("/shared-links", {**good, **wrong})
        assert refused.status_code == 400, wrong
        assert [error["path"] for error in refused.json["errors"]] == [path]
    assert user.get("/shared-links").json == []
    # As long as a slug may be, in the longest characters.
    assert share(user, asset, slug="𝄞" * 200 + str(uuid4()))["slug"].startswith("𝄞")


def test_a_slug_is_given_once(user: Caller, other: Caller) -> None:
    slug = f"mine-{uuid4()}"
    first = share(user, user.asset(), slug=slug)
    theirs, asset = other.asset(), other.asset()
    refused = other.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [theirs], "slug": slug})
    assert said(refused) == (400, "Failed to save shared link")
    link = share(other, asset, description="before")
    assert said(other.patch(f"/shared-links/{link['id']}", {"slug": slug, "description": "after"})) == (
        400, "Failed to save shared link")
    assert other.get(f"/shared-links/{link['id']}").json["description"] == "before"
    assert len(other.get("/shared-links").json) == 1
    user.delete(f"/shared-links/{first['id']}")
    assert other.patch(f"/shared-links/{link['id']}", {"slug": slug}).json["slug"] == slug


def test_changes(user: Caller) -> None:
    link = share(user, user.asset(), description="d", password="p", slug=f"s-{uuid4()}")
    path = f"/shared-links/{link['id']}"
    assert terms(user.patch(path, {"slug": link["slug"]}).json) == terms(link)
    assert terms(user.patch(path, {}).json) == ("d", "p", None, True, True, True, None)
    changed = {"description": None, "password": None, "expiresAt": "2020-01-01T00:00:00.000Z", "allowUpload": False,
               "allowDownload": False, "showMetadata": False, "slug": link["slug"]}
    assert terms(user.patch(path, changed).json) == tuple(changed[name] for name in TERMS)
    assert terms(user.get(path).json) == tuple(changed[name] for name in TERMS)
    assert user.patch(path, {"expiresAt": None}).json["expiresAt"] is None
    assert user.patch(path, {"allowUpload": None}).status_code == 400


def test_the_list(user: Caller, other: Caller) -> None:
    old, new = user.asset(fileCreatedAt="2020-01-01T00:00:00.000Z"), user.asset()
    holiday = album(user, old)
    first, second = share(user, new, old), share(user, albumId=holiday)
    share(other, other.asset())
    links = user.get("/shared-links").json
    assert [link["id"] for link in links] == [second["id"], first["id"]]
    assert [asset["id"] for asset in links[1]["assets"]] == [old]
    shown_album = links[0]["album"]
    assert (shown_album["id"], shown_album["assetCount"], shown_album["albumUsers"]) == (holiday, 0, [])
    assert (shown_album["shared"], shown_album["hasSharedLink"]) == (True, True)

    def found(**query: str) -> list[str]:
        return [link["id"] for link in user.get("/shared-links", **query).json]

    assert found(albumId=holiday) == [second["id"]]
    assert found(id=first["id"]) == [first["id"]]
    assert found(id=first["id"], albumId=holiday) == []
    assert found(albumId=NOBODYS) == []
    assert user.get("/shared-links", albumId="x").status_code == 400


def test_the_album_says_that_it_is_shared(user: Caller) -> None:
    holiday = album(user, user.asset())
    assert user.get(f"/albums/{holiday}").json["hasSharedLink"] is False
    assert user.get("/albums", isShared="true").json == []
    link = share(user, albumId=holiday)
    found = user.get(f"/albums/{holiday}").json
    assert (found["hasSharedLink"], found["shared"]) == (True, True)
    assert [one["id"] for one in user.get("/albums", isShared="true").json] == [holiday]
    whole = user.get(f"/shared-links/{link['id']}").json["album"]
    assert (whole["assetCount"], "startDate" in whole) == (1, True)
    user.delete(f"/shared-links/{link['id']}")
    assert user.get(f"/albums/{holiday}").json["shared"] is False


def test_lists_cost_the_same_however_long(user: Caller, queries: Callable) -> None:
    def cost(path: str) -> int:
        with queries() as sql:
            assert user.get(path).status_code == 200
        return len(sql)

    asset = user.asset()
    link = share(user, asset)
    share(user, albumId=album(user, asset))
    few = cost("/shared-links"), cost(f"/shared-links/{link['id']}"), cost("/albums")
    for _ in range(4):
        share(user, user.asset(), user.asset())
        share(user, albumId=album(user, asset))
    user.put(f"/shared-links/{link['id']}/assets", {"assetIds": [user.asset() for _ in range(4)]})
    assert (cost("/shared-links"), cost(f"/shared-links/{link['id']}"), cost("/albums")) == few
    assert few[0] <= 6


def test_assets_come_and_go(user: Caller, other: Caller) -> None:
    one, two, theirs = user.asset(), user.asset(), other.asset()
    link = share(user, one)
    path = f"/shared-links/{link['id']}/assets"
    results = user.put(path, {"assetIds": [one, two, two, theirs, NOBODYS]}).json
    assert [result.get("error") for result in results] == [
        "duplicate", None, "duplicate", "no_permission", "no_permission"]
    assert [result["success"] for result in results] == [False, True, False, False, False]
    assert sorted(shown(user, link)) == sorted([one, two])
    results = user.delete(path, {"assetIds": [one, one, theirs]}).json
    assert [result.get("error") for result in results] == [None, None, "not_found"]
    assert shown(user, link) == [two]
    user.delete(path, {"assetIds": [two]})
    assert shown(user, link) == []


def test_links_to_albums_have_no_list(user: Caller) -> None:
    asset = user.asset()
    path = f"/shared-links/{share(user, albumId=album(user, asset))['id']}/assets"
    for call in (user.put, user.delete):
        assert said(call(path, {"assetIds": [asset]})) == (400, "Invalid shared link type")


def test_ten_thousand_ids_at_once(user: Caller, queries: Callable) -> None:
    link = share(user, user.asset())
    ids = [str(uuid4()) for _ in range(10_000)]
    for call, error in ((user.put, "no_permission"), (user.delete, "not_found")):
        with queries() as sql:
            results = call(f"/shared-links/{link['id']}/assets", {"assetIds": ids}).json
        assert {result["error"] for result in results} == {error}
        assert [result["assetId"] for result in results] == ids
        assert len(sql) < 12


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/shared-links", "sharedLink.read"), ("POST", "/shared-links", "sharedLink.create"),
    ("GET", "/shared-links/{id}", "sharedLink.read"), ("PATCH", "/shared-links/{id}", "sharedLink.update"),
    ("DELETE", "/shared-links/{id}", "sharedLink.delete"), ("PUT", "/shared-links/{id}/assets", "sharedLink.update"),
    ("DELETE", "/shared-links/{id}/assets", "sharedLink.update"),
])
def test_callers_without_the_right(server: Server, user: Caller, other: Caller, guest: Callable, method: str, path: str,
                                   permission: str) -> None:
    asset = user.asset()
    link = share(user, asset)
    path = path.format(id=link["id"])
    body = None if method == "GET" else {"assetIds": [asset], "type": "INDIVIDUAL"}
    assert said(server.nobody.open(method, path, body)) == (401, "Authentication required")
    assert said(user.api_key("asset.read").open(method, path, body)) == (
        403, f"Missing required permission: {permission}")
    assert said(guest(link).open(method, path, body)) == (403, "Forbidden")
    if link["id"] in path:
        for stranger in (other, server.admin):
            assert said(stranger.open(method, path, body)) == (400, "Shared link not found")
    assert user.api_key(permission).open(method, path, body).status_code < 300


def test_what_is_gone_is_gone(user: Caller, server: Server) -> None:
    asset = user.asset()
    holiday = album(user, asset)
    link, alive = share(user, albumId=holiday), share(user, asset)
    user.delete(f"/albums/{holiday}")
    assert said(user.get(f"/shared-links/{link['id']}")) == (400, "Shared link not found")
    assert [one["id"] for one in user.get("/shared-links").json] == [alive["id"]]
    user.delete("/assets", {"ids": [asset], "force": True})
    assert shown(user, alive) == []
    assert user.delete(f"/shared-links/{alive['id']}").status_code == 204
    assert said(user.delete(f"/shared-links/{alive['id']}")) == (400, "Shared link not found")


def test_a_copy_joins_the_links_of_its_source(user: Caller) -> None:
    source, target, locked = user.asset(), user.asset(), user.asset(visibility="locked")
    link, again = share(user, source), share(user, source, target)
    assert user.put("/assets/copy", {"sourceId": source, "targetId": target, "sharedLinks": False}).status_code == 204
    assert shown(user, link) == [source]
    assert user.put("/assets/copy", {"sourceId": source, "targetId": target}).status_code == 204
    assert sorted(shown(user, link)) == sorted(shown(user, again)) == sorted([source, target])
    elevated = user.elevated()
    assert elevated.put("/assets/copy", {"sourceId": source, "targetId": locked}).status_code == 204
    elevated.put("/assets", {"ids": [locked], "visibility": "timeline"})
    assert sorted(shown(user, link)) == sorted([source, target])


def test_preferences_show_the_feature(user: Caller, make_server: Callable[..., Server]) -> None:
    assert user.get("/users/me/preferences").json["sharedLinks"] == {"enabled": True, "sidebarWeb": False}
    off = make_server(**{"plugins.disabled": ["shared_links"]}).user()
    assert off.get("/users/me/preferences").json["sharedLinks"] == {"enabled": False, "sidebarWeb": False}
