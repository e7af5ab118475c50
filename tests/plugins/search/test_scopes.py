"""Whose assets a search finds, for every kind of caller."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server

CALLS = [
    ("POST", "/search/metadata", "asset.read"), ("POST", "/search/random", "asset.read"),
    ("POST", "/search/large-assets", "asset.read"), ("POST", "/search/smart", "asset.read"),
    ("POST", "/search/statistics", "asset.statistics"), ("GET", "/search/explore", "asset.read"),
    ("GET", "/search/cities", "asset.read"), ("GET", "/search/suggestions?type=city", "asset.read"),
    ("GET", "/search/places?name=x", "asset.read"), ("GET", "/search/person?name=x", "person.read"),
]


@pytest.mark.parametrize(("method", "path", "permission"), CALLS)
def test_callers_without_the_right(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    body = {} if method == "POST" else None
    assert server.nobody.open(method, path, body).status_code == 401
    refused = user.api_key("album.read", "asset.view").open(method, path, body)
    assert (refused.status_code, refused.json["message"]) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).open(method, path, body).status_code == (400 if "smart" in path else 200)


def share(owner: Caller, viewer: Caller, *, in_timeline: bool) -> None:
    assert owner.post("/partners", {"sharedWithId": viewer.id}).status_code == 201
    assert viewer.put(f"/partners/{owner.id}", {"inTimeline": in_timeline}).status_code == 200


def test_partners_in_the_timeline_are_searched_too(user: Caller, other: Caller, made: Callable,
                                                   names: Callable) -> None:
    made(user, "hers", file_created_at="2020-01-02T00:00:00.000Z", is_favorite=True, exif={"city": "Oslo"})
    made(user, "her film", file_created_at="2020-01-04T00:00:00.000Z", visibility="hidden")
    for name, columns in (("archived", {"visibility": "archive"}), ("locked", {"visibility": "locked"}),
                          ("binned", {"deleted_at": "2022-01-01T00:00:00.000Z", "status": "trashed"})):
        made(user, name, exif={"city": "Rome"}, **columns)
    for day in (1, 3):
        made(other, f"his{day}", file_created_at=f"2020-01-0{day}T00:00:00.000Z")
    share(user, other, in_timeline=False)
    assert names(other) == ["his3.jpg", "his1.jpg"]
    share_on = other.put(f"/partners/{user.id}", {"inTimeline": True})
    assert share_on.status_code == 200
    everything = ["her film.jpg", "his3.jpg", "hers.jpg", "his1.jpg"]
    assert names(other) == everything
    assert names(other, order="asc") == everything[::-1]
    assert [names(other, size=1, page=page) for page in (1, 2, 3, 4, 5)] == [[name] for name in everything] + [[]]
    assert names(other, withDeleted=True) == names(other.elevated(), withDeleted=True) == everything
    assert names(other, originalFileName="hers") == ["hers.jpg"]
    assert names(other, isFavorite=True) == ["hers.jpg"]
    favourite, = other.post("/search/metadata", {"isFavorite": True}).json["assets"]["items"]
    assert favourite["isFavorite"] is False
    assert names(other.elevated(), visibility="locked") == names(other, visibility="archive") == []
    assert len(other.post("/search/random", {}).json) == 4
    assert other.post("/search/statistics", {"visibility": "timeline"}).json == {"total": 3}
    assert len(other.post("/search/large-assets").json) == 4
    assert other.get("/search/suggestions", type="city").json == ["Oslo"]
    assert [asset["exifInfo"]["city"] for asset in other.get("/search/cities").json] == ["Oslo"]
    assert [item["data"]["ownerId"] for item in other.get("/search/explore").json[1]["items"]] == [other.id] * 2


def test_two_partners_make_one_list(server: Server, user: Caller, other: Caller, made: Callable,
                                    names: Callable) -> None:
    third = server.user()
    for day, whose in enumerate((user, other, third, user, other, third), 1):
        made(whose, f"{day}", file_created_at=f"2020-01-0{day}T00:00:00.000Z")
    share(user, third, in_timeline=True)
    share(other, third, in_timeline=True)
    assert names(third) == [f"{day}.jpg" for day in (6, 5, 4, 3, 2, 1)]
    assert names(third, size=2, page=2, order="asc") == ["3.jpg", "4.jpg"]


def test_strangers_find_nothing(user: Caller, other: Caller, made: Callable, names: Callable) -> None:
    asset = made(user, "secret", exif={"city": "Oslo", "make": "Acme", "description": "secret"})
    assert names(other) == names(other, id=asset) == names(other, originalFileName="secret") == []
    assert names(other, city="Oslo") == names(other, description="secret") == []
    assert other.post("/search/statistics", {"description": "secret"}).json == {"total": 0}
    assert other.post("/search/random", {}).json == other.post("/search/large-assets").json == []
    assert other.get("/search/suggestions", type="camera-make").json == other.get("/search/cities").json == []


@pytest.fixture
def album(user: Caller, other: Caller, made: Callable) -> dict[str, str]:
    inside = made(user, "inside", exif={"make": "Acme", "city": "Oslo"})
    binned = made(user, "binned", deleted_at="2022-01-01T00:00:00.000Z", status="trashed")
    made(user, "outside")
    created = user.post("/albums", {"albumName": "A", "assetIds": [inside],
                                    "albumUsers": [{"userId": other.id, "role": "viewer"}]})
    assert created.status_code == 201, created.text
    return {"id": created.json["id"], "inside": inside, "binned": binned}


def test_albums(server: Server, user: Caller, other: Caller, album: dict, names: Callable) -> None:
    assert names(other) == []
    assert names(other, albumIds=[album["id"]]) == names(user, albumIds=[album["id"]]) == ["inside.jpg"]
    assert names(other, albumIds=[album["id"]], make="Acme", originalFileName="SIDE") == ["inside.jpg"]
    assert names(user, isNotInAlbum=True) == ["outside.jpg"]
    assert names(user, isNotInAlbum=True, albumIds=[album["id"]]) == ["inside.jpg"]
    refused = server.user().post("/search/metadata", {"albumIds": [album["id"]]})
    assert (refused.status_code, refused.json["message"]) == (400, "Not found or no album.read access")


def link(user: Caller, album: dict, **options: bool) -> Caller:
    made = user.post("/shared-links", {"type": "ALBUM", "albumId": album["id"], **options})
    assert made.status_code == 201, made.text
    return Caller(user.server, {}, query={"key": made.json["key"]})


def test_a_link_searches_its_album(user: Caller, album: dict, names: Callable) -> None:
    by_link = link(user, album)
    for body in ({}, {"make": "Acme"}, {"originalFileName": "side"}):
        assert names(by_link, albumIds=[album["id"]], **body) == ["inside.jpg"]
    refused = by_link.post("/search/metadata", {})
    assert (refused.status_code, refused.json["message"]) == (
        400, "Shared link access is only allowed in combination with an albumIds filter")
    elsewhere = by_link.post("/search/metadata", {"albumIds": ["6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"]})
    assert (elsewhere.status_code, elsewhere.json["message"]) == (400, "Not found or no album.read access")
    for path in ("random", "statistics", "smart"):
        assert by_link.post(f"/search/{path}", {"albumIds": [album["id"]]}).status_code == 403


def test_a_link_that_hides_metadata_does_not_tell_it_to_who_asks(user: Caller, album: dict) -> None:
    by_link = link(user, album, showMetadata=False)

    def found(**body: object) -> int:
        response = by_link.post("/search/metadata", {"albumIds": [album["id"]], **body})
        assert response.status_code == 200, response.text
        return response.json["assets"]["count"]

    assert found() == found(type="IMAGE", withExif=True) == 1
    for body in ({"make": "Acme"}, {"city": "Oslo"}, {"originalFileName": "inside"}, {"rating": None},
                 {"isFavorite": False}, {"description": ""}, {"createdAfter": "2020-01-01T00:00:00Z"}):
        assert found(**body) == 0


def test_tags(user: Caller, made: Callable, names: Callable) -> None:
    tagged = made(user, "tagged")
    made(user, "untagged")
    tag, = user.put("/tags", {"tags": ["animals/cats"]}).json
    assert user.put("/tags/assets", {"tagIds": [tag["id"]], "assetIds": [tagged]}).status_code == 200
    assert names(user, tagIds=[tag["id"]]) == names(user, tagIds=[tag["parentId"]]) == ["tagged.jpg"]
    assert names(user, tagIds=None) == ["untagged.jpg"]
    assert len(names(user, tagIds=[])) == 2


def test_stacks(user: Caller, made: Callable, names: Callable) -> None:
    first, second = made(user, "first"), made(user, "second")
    made(user, "single")
    assert user.post("/stacks", {"assetIds": [first, second]}).status_code == 201
    assert names(user, withStacked=False) == ["single.jpg"]
    assert len(names(user, withStacked=True)) == len(names(user)) == 3
