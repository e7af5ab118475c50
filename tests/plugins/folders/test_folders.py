"""The folder view, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server


@pytest.fixture
def paths(server: Server, user: Caller) -> dict[str, str]:
    """Asset ids by original path, whatever way the assets came there."""
    made = {path: user.asset() for path in (
        "/b/summer/2.jpg", "/b/summer/1.jpg", "/b/summer/in/3.jpg", "/b/100% %_/4.jpg", "/b/SUMMER/5.jpg", "/6.jpg",
        "/c/夏/7.jpg")}
    with server.context():
        for path, asset in made.items():
            Asset.update(original_path=path).where(Asset.id == asset).execute()
    return made


def names(caller: Caller, path: str) -> list[str]:
    response = caller.get("/view/folder", path=path)
    assert response.status_code == 200, response.text
    return [asset["originalPath"] for asset in response.json]


def test_directories_are_sorted_and_none_twice(user: Caller, paths: dict) -> None:
    found = user.get("/view/folder/unique-paths").json
    assert found == sorted(["", "/b/summer", "/b/summer/in", "/b/100% %_", "/b/SUMMER", "/c/夏"])


@pytest.mark.parametrize(("path", "inside"), [
    ("/b/summer", ["/b/summer/1.jpg", "/b/summer/2.jpg"]),
    ("/b/summer/", ["/b/summer/1.jpg", "/b/summer/2.jpg"]),
    ("summer/in", ["/b/summer/in/3.jpg"]),
    ("/b/100% %_", ["/b/100% %_/4.jpg"]),
    ("/b/100%", []),
    ("/b/%", []),
    ("SUMMER", ["/b/SUMMER/5.jpg"]),
    ("夏", ["/c/夏/7.jpg"]),
    ("/", ["/6.jpg"]),
    ("nowhere", []),
])
def test_a_directory_holds_what_is_directly_in_it(user: Caller, paths: dict, path: str, inside: list[str]) -> None:
    assert names(user, path) == inside


def test_it_shows_the_own_timeline_only(user: Caller, other: Caller, paths: dict) -> None:
    archived, trashed = paths["/b/summer/1.jpg"], paths["/b/summer/in/3.jpg"]
    user.put("/assets", {"ids": [archived], "visibility": "archive"})
    user.delete("/assets", {"ids": [trashed]})
    assert names(user, "/b/summer") == ["/b/summer/2.jpg"]
    assert "/b/summer/in" not in user.get("/view/folder/unique-paths").json
    assert names(other, "/b/summer") == other.get("/view/folder/unique-paths").json == []


def test_answers_are_whole(user: Caller) -> None:
    asset = user.asset()
    folder = user.get("/view/folder/unique-paths").json[0]
    answer, = user.get("/view/folder", path=folder).json
    assert (answer["id"], answer["exifInfo"]["fileSizeInByte"] > 0) == (asset, True)


def test_a_full_folder_costs_as_many_queries_as_one_asset(user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            assert names(user, "2023-06-15")
        return len(sql)

    user.asset()
    one = cost()
    for _ in range(4):
        user.asset()
    assert cost() == one


@pytest.mark.parametrize("path", ["/view/folder", "/view/folder/unique-paths"])
def test_callers_without_the_right(server: Server, user: Caller, path: str) -> None:
    assert server.nobody.get(path, path="x").status_code == 401
    refused = user.api_key("asset.read").get(path, path="x")
    assert (refused.status_code, refused.json["message"]) == (403, "Missing required permission: folder.read")


def test_a_path_is_needed(user: Caller) -> None:
    response = user.get("/view/folder")
    assert (response.status_code, response.json["errors"][0]["path"]) == (400, ["path"])
