"""Searching by metadata, over HTTP: every filter, order and pages."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha1
from typing import Any

import pytest

from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.plugins import find_plugins
from immich_flask.testing import Caller, Server, photo

NOBODY = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


@pytest.fixture
def library(server: Server, user: Caller, made: Callable) -> dict[str, str]:
    """Assets by name, from the oldest to the newest."""
    ids = {
        "plain": made(user, "plain", file_created_at="2020-01-01T00:00:00.000Z"),
        "liked": made(user, "liked", file_created_at="2020-01-02T00:00:00.000Z", is_favorite=True,
                      exif={"make": "Acme", "model": "One", "lens_model": "35mm", "rating": 4}),
        "film": made(user, "film", file_created_at="2020-01-03T00:00:00.000Z", type="VIDEO",
                     exif={"make": "Acme", "model": "Two", "city": "Paris", "state": "Île-de-France",
                           "country": "France"}),
        "archived": made(user, "archived", file_created_at="2020-01-04T00:00:00.000Z", visibility="archive",
                         exif={"city": "Lyon", "country": "France"}),
        "hidden": made(user, "hidden", file_created_at="2020-01-05T00:00:00.000Z", visibility="hidden"),
        "locked": made(user, "locked", file_created_at="2020-01-06T00:00:00.000Z", visibility="locked"),
        "binned": made(user, "binned", file_created_at="2020-01-07T00:00:00.000Z",
                       deleted_at="2022-05-05T00:00:00.000Z", status="trashed"),
        "offline": made(user, "offline", file_created_at="2020-01-08T00:00:00.000Z", is_offline=True,
                        deleted_at="2022-06-06T00:00:00.000Z", status="trashed"),
        "going": made(user, "going", file_created_at="2020-01-09T00:00:00.000Z",
                      deleted_at="2022-06-06T00:00:00.000Z", status="deleted"),
    }
    with server.context():
        Asset.update(live_photo_video=ids["hidden"]).where(Asset.id == ids["plain"]).execute()
        AssetFile.create(asset=ids["film"], type="encoded_video", storage_key="encoded/film.mp4", size_in_byte=1)
    return ids


LIVE = ["hidden", "archived", "film", "liked", "plain"]


@pytest.mark.parametrize(("asked", "found"), [
    ({}, LIVE),
    ({"order": "asc"}, LIVE[::-1]),
    ({"withDeleted": True}, ["offline", "binned", *LIVE]),
    ({"isFavorite": True}, ["liked"]),
    ({"isFavorite": False}, ["hidden", "archived", "film", "plain"]),
    ({"type": "VIDEO"}, ["film"]),
    ({"visibility": "timeline"}, ["film", "liked", "plain"]),
    ({"visibility": "archive"}, ["archived"]),
    ({"visibility": "hidden"}, ["hidden"]),
    ({"isMotion": True}, ["plain"]),
    ({"isMotion": False}, ["hidden", "archived", "film", "liked"]),
    ({"isEncoded": True}, ["film"]),
    ({"isEncoded": False}, ["hidden", "archived", "liked", "plain"]),
    ({"encodedVideoPath": "encoded/film.mp4"}, ["film"]),
    ({"encodedVideoPath": "encoded"}, []),
    ({"previewPath": "encoded/film.mp4"}, []),
    ({"isOffline": True}, ["offline"]),
    ({"isOffline": False}, LIVE),
    ({"trashedAfter": "2022-05-05T00:00:00.000Z"}, ["offline", "binned"]),
    ({"trashedBefore": "2022-05-05T00:00:00.000Z"}, ["binned"]),
    ({"takenAfter": "2020-01-04T00:00:00.000Z"}, ["hidden", "archived"]),
    ({"takenBefore": "2020-01-02T02:00:00+02:00"}, ["liked", "plain"]),
    ({"takenAfter": "2020-01-01T12:00:00Z", "takenBefore": "2020-01-03T12:00:00Z"}, ["film", "liked"]),
    ({"createdAfter": "2024-01-01T00:00:00.000Z"}, LIVE),
    ({"createdBefore": "2024-01-01T00:00:00.000Z"}, []),
    ({"updatedAfter": "2024-01-01T00:00:00.000Z"}, LIVE),
    ({"updatedBefore": "2024-01-01T00:00:00.000Z"}, []),
    ({"make": "Acme"}, ["film", "liked"]),
    ({"make": "Acme", "model": "One"}, ["liked"]),
    ({"make": "acme"}, []),
    ({"lensModel": "35mm"}, ["liked"]),
    ({"make": None}, ["hidden", "archived", "plain"]),
    ({"make": "Acme", "city": None}, ["liked"]),
    ({"city": "Paris", "state": "Île-de-France", "country": "France"}, ["film"]),
    ({"country": "France"}, ["archived", "film"]),
    ({"state": None, "country": "France"}, ["archived"]),
    ({"rating": 4}, ["liked"]),
    ({"rating": None}, ["hidden", "archived", "film", "plain"]),
    ({"libraryId": NOBODY}, []),
    ({"libraryId": None}, LIVE),
    ({"id": NOBODY}, []),
    ({"originalFileName": "LIK"}, ["liked"]),
    ({"originalFileName": "  "}, LIVE),
    ({"originalPath": "/plain."}, ["plain"]),
    ({"make": "Acme", "originalFileName": "film", "type": "VIDEO"}, ["film"]),
    ({"make": "Acme", "originalFileName": "plain"}, []),
    ({"albumIds": [], "tagIds": [], "personIds": [], "isNotInAlbum": False, "withStacked": True, "ocr": ""}, LIVE),
    ({"colour": "red"}, LIVE),
])
def test_filters(user: Caller, library: dict, names: Callable, asked: dict, found: list[str]) -> None:
    assert names(user, **asked) == [f"{name}.jpg" for name in found]


def test_by_id_and_checksum(user: Caller, library: dict, names: Callable) -> None:
    assert names(user, id=library["film"]) == ["film.jpg"]
    content = photo()
    user.asset(content, name="sum.jpg")
    digest = sha1(content)
    for checksum in (base64.b64encode(digest.digest()).decode(), digest.hexdigest(), digest.hexdigest().upper()):
        assert names(user, checksum=checksum) == ["sum.jpg"]
        assert names(user, checksum=checksum, id=library["film"]) == []
    assert names(user, checksum="nonsense") == []


def test_the_locked_folder(user: Caller, library: dict, names: Callable) -> None:
    for path in ("metadata", "random", "statistics", "smart"):
        refused = user.post(f"/search/{path}", {"visibility": "locked"})
        assert (refused.status_code, refused.json["message"]) == (401, "Elevated permission is required")
    assert user.post("/search/large-assets", visibility="locked").status_code == 401
    elevated = user.elevated()
    assert names(elevated, visibility="locked") == ["locked.jpg"]
    assert "locked.jpg" in names(elevated)
    assert elevated.post("/search/statistics", {"visibility": "locked"}).json == {"total": 1}


def test_pages(user: Caller) -> None:
    for day in range(1, 6):
        user.asset(name=f"{day}.jpg", fileCreatedAt=f"2020-02-0{day}T00:00:00.000Z")

    def page(**body: Any) -> tuple:
        assets = user.post("/search/metadata", body).json["assets"]
        assert assets["total"] == assets["count"] == len(assets["items"])
        return "".join(asset["originalFileName"][0] for asset in assets["items"]), assets["nextPage"]

    assert [page(size=2), page(size=2, page=2), page(size=2, page=3), page(size=2, page=4)] == [
        ("54", "2"), ("32", "3"), ("1", None), ("", None)]
    assert page(size=5) == ("54321", None)
    assert page(size=3, page=2, order="asc") == ("45", None)
    assert page(size=2, originalFileName=".jpg", page=2) == ("32", "3")


def test_whole_answers(user: Caller, made: Callable) -> None:
    asset = made(user, "a", exif={"make": "Acme"})
    answer = user.post("/search/metadata", {}).json
    assert answer["albums"] == {"total": 0, "count": 0, "items": [], "facets": []}
    item, = answer["assets"]["items"]
    assert (item["id"], item["isFavorite"], item["isEdited"], item["people"]) == (asset, False, False, [])
    assert item.keys().isdisjoint({"exifInfo", "tags", "stack"})
    item, = user.post("/search/metadata", {"withExif": True, "withPeople": True}).json["assets"]["items"]
    assert (item["exifInfo"]["make"], item["people"]) == ("Acme", [])


@pytest.mark.parametrize(("body", "path"), [
    ({"size": 0}, "size"), ({"size": 1001}, "size"), ({"size": "2"}, "size"), ({"page": 0}, "page"),
    ({"order": "up"}, "order"), ({"rating": 0}, "rating"), ({"rating": 6}, "rating"), ({"rating": 2.5}, "rating"),
    ({"takenAfter": "2017"}, "takenAfter"), ({"takenAfter": None}, "takenAfter"), ({"takenBefore": 5}, "takenBefore"),
    ({"checksum": 5}, "checksum"), ({"tagIds": NOBODY}, "tagIds"), ({"personIds": ["x"]}, "personIds"),
    ({"visibility": "public"}, "visibility"), ({"isFavorite": "true"}, "isFavorite"), ({"city": 5}, "city"),
    ({"make": "\0"}, "make"), ({"originalFileName": None}, "originalFileName"),
])
def test_bad_values(user: Caller, body: dict, path: str) -> None:
    response = user.post("/search/metadata", body)
    assert (response.status_code, response.json["message"]) == (400, "Validation failed")
    assert response.json["errors"][0]["path"][0] == path


def test_a_full_page_costs_as_many_queries_as_one_asset(user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            assert user.post("/search/metadata", {"withExif": True, "originalFileName": "photo", "make": None}).json
        return len(sql)

    user.asset()
    user.post("/search/metadata", {"originalFileName": "photo"})
    one = cost()
    for _ in range(4):
        user.asset()
    user.post("/search/metadata", {"originalFileName": "photo"})
    assert cost() == one


def test_what_belongs_to_a_plugin_that_is_off_is_refused(make_server: Callable) -> None:
    server = make_server(**{"plugins.disabled": sorted(find_plugins().keys() - {"search", "media"})})
    user = server.user()
    user.asset()
    for body in ({"albumIds": [NOBODY]}, {"isNotInAlbum": True}, {"tagIds": [NOBODY]},
                 {"personIds": [NOBODY]}, {"ocr": "text"}):
        for path in ("metadata", "random", "statistics"):
            refused = user.post(f"/search/{path}", body)
            assert (refused.status_code, "switched off" in refused.json["message"]) == (400, True), (path, body)
    for body in ({}, {"isNotInAlbum": False}, {"albumIds": []}, {"withStacked": False}):
        assert len(user.post("/search/metadata", body).json["assets"]["items"]) == 1
