"""Months and the columns of a month, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import ExifTags, Image

from immich_flask.testing import Caller, Server, photo
from tests.benchmarks.seed import seed_assets


def taken(date: str, offset: str = "") -> bytes:
    exif = Image.Exif()
    facts = exif.get_ifd(ExifTags.IFD.Exif)
    facts[ExifTags.Base.DateTimeOriginal] = date
    if offset:
        facts[ExifTags.Base.OffsetTimeOriginal] = offset
    return photo(exif=exif)


def months(caller: Caller, **query: object) -> dict[str, int]:
    response = caller.get("/timeline/buckets", **query)
    assert response.status_code == 200, response.text
    return {bucket["timeBucket"]: bucket["count"] for bucket in response.json}


def month(caller: Caller, name: str, **query: object) -> dict[str, list]:
    response = caller.get("/timeline/bucket", timeBucket=name, **query)
    assert response.status_code == 200, response.text
    assert len({len(column) for column in response.json.values()}) == 1
    return response.json


def test_the_month_is_that_of_the_wall_clock(user: Caller) -> None:
    tokyo = user.asset(taken("2020:03:01 01:00:00", "+09:00"))
    delhi = user.asset(taken("2020:02:15 06:00:00.5", "+05:30"))
    assert months(user) == {"2020-03-01": 1, "2020-02-01": 1}
    assert list(months(user, order="asc")) == ["2020-02-01", "2020-03-01"]
    march, february = month(user, "2020-03-01"), month(user, "2020-02-01T00:00:00.000Z")
    assert (march["id"], march["fileCreatedAt"], march["localOffsetHours"]) == ([tokyo], ["2020-02-29T16:00:00"], [9])
    assert (february["id"], february["localOffsetHours"]) == ([delhi], [5.5])


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_has_the_months_is_told_so_until_something_changes(user: Caller, encoding: str) -> None:
    with user.server.context():
        ids = seed_assets(user.id, 120)
    accepted = {"Accept-Encoding": encoding}
    first = user.get("/timeline/buckets", headers=accepted)
    assert first.headers.get("Content-Encoding", "identity") == encoding
    known = {**accepted, "If-None-Match": first.headers["ETag"]}
    again = user.get("/timeline/buckets", headers=known)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    user.delete("/assets", {"ids": [ids[0]]})
    changed = user.get("/timeline/buckets", headers=known)
    assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)


def test_a_month_goes_by_local_day_then_by_the_instant(user: Caller) -> None:
    a = user.asset(taken("2018:08:10 23:00:00", "+10:00"))
    b = user.asset(taken("2018:08:10 09:00:00", "-08:00"))
    d = user.asset(taken("2018:08:11 00:30:00", "+10:00"))
    e = user.asset(taken("2018:08:09 20:00:00", "-08:00"))
    assert month(user, "2018-08-01")["id"] == [d, b, a, e]
    assert month(user, "2018-08-01", order="asc")["id"] == [e, a, b, d]


def test_columns_say_what_the_grid_needs(user: Caller) -> None:
    asset = user.asset(photo(300, 400), isFavorite="true", fileCreatedAt="2021-06-15T12:00:00.500Z",
                       fileModifiedAt="2021-06-15T12:00:00.500Z")
    columns = month(user, "2021-06-01")
    assert {name: columns[name] for name in (
        "id", "ownerId", "ratio", "isFavorite", "visibility", "isTrashed", "isImage", "fileCreatedAt", "status",
        "localOffsetHours", "duration", "projectionType", "livePhotoVideoId", "city", "country",
    )} == {
        "id": [asset], "ownerId": [user.id], "ratio": [0.75], "isFavorite": [True], "visibility": ["timeline"],
        "isTrashed": [False], "isImage": [True], "fileCreatedAt": ["2021-06-15T12:00:00.5"], "status": ["active"],
        "localOffsetHours": [0], "duration": [None], "projectionType": [None], "livePhotoVideoId": [None],
        "city": [None], "country": [None],
    }
    assert columns["thumbhash"][0]
    assert not {"latitude", "longitude", "stack"} & columns.keys()
    assert month(user, "2021-06-01", withCoordinates="true")["latitude"] == [None]
    assert month(user, "2021-06-01", withStacked="true")["stack"] == [None]


def test_filters(user: Caller) -> None:
    plain, liked, archived, trashed = (user.asset(fileCreatedAt=f"2017-04-0{day}T10:00:00.000Z", **fields)
                                       for day, fields in enumerate((
                                           {}, {"isFavorite": "true"}, {"visibility": "archive"}, {}), 1))
    user.delete("/assets", {"ids": [trashed]})
    for query, expected in (
        ({}, {plain, liked, archived}), ({"visibility": "timeline"}, {plain, liked}),
        ({"visibility": "archive"}, {archived}), ({"visibility": "hidden"}, set()), ({"isFavorite": "true"}, {liked}),
        ({"isFavorite": "false"}, {plain, archived}), ({"isTrashed": "true"}, {trashed}),
        ({"isTrashed": "false"}, {plain, liked, archived}), ({"userId": user.id}, {plain, liked, archived}),
    ):
        assert set(month(user, "2017-04-01", **query)["id"]) == expected, query
        assert sum(months(user, **query).values()) == len(expected), query


def test_the_locked_folder_opens_for_the_elevated_owner_only(server: Server, user: Caller, other: Caller) -> None:
    asset = user.asset()
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    assert months(user) == {}
    assert months(user.elevated()) == {}
    assert months(user.elevated(), visibility="locked") == {"2023-06-01": 1}
    for caller in (user, user.api_key("all"), server.admin):
        response = caller.get("/timeline/buckets", visibility="locked")
        assert (response.status_code, response.json["message"]) == (401, "Elevated permission is required")
    response = other.elevated().get("/timeline/buckets", visibility="locked", userId=user.id)
    assert response.status_code == 400


def test_a_stranger_has_no_timeline_of_others(server: Server, user: Caller, other: Caller) -> None:
    user.asset()
    for caller in (other, server.admin):
        response = caller.get("/timeline/buckets", userId=user.id)
        assert (response.status_code, response.json["message"]) == (400, "Not found or no timeline.read access")
    assert months(other) == {}


def test_a_box_on_the_map(user: Caller) -> None:
    for longitude in (-179.5, 0, 179.5):
        asset = user.asset()
        user.put(f"/assets/{asset}", {"latitude": 10, "longitude": longitude})
    assert sum(months(user, bbox="-1,9,1,11").values()) == 1
    assert sum(months(user, bbox="179,9,-179,11").values()) == 2, "across the date line"
    assert months(user, bbox="-1,20,1,30") == {}


@pytest.mark.parametrize(("query", "path"), [
    ({"bbox": "1,2,3"}, ["bbox"]), ({"bbox": "a,b,c,d"}, ["bbox"]), ({"bbox": "nan,0,1,1"}, ["bbox", "west"]),
    ({"bbox": "-190,0,1,1"}, ["bbox", "west"]), ({"bbox": "0,10,1,-10"}, ["bbox", "north"]),
    ({"isFavorite": "yes"}, ["isFavorite"]), ({"order": "up"}, ["order"]), ({"userId": "x"}, ["userId"]),
    ({"timeBucket": "2021-13-01"}, ["timeBucket"]), ({"timeBucket": "soon"}, ["timeBucket"]),
    ({"timeBucket": ["2021-01-01", "2021-02-01"]}, ["timeBucket"]),
])
def test_bad_input(user: Caller, query: dict, path: list) -> None:
    response = user.get("/timeline/bucket", **{"timeBucket": "2021-01-01", **query})
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json["errors"]] == [path]


def test_a_filter_whose_plugin_is_off_is_refused_and_never_ignored(make_server: Callable[..., Server]) -> None:
    every = make_server().runtime.plugins.found
    keep = {"timeline", "media"}
    bare = make_server(**{"plugins.disabled": sorted(set(every) - keep)})
    user = bare.user()
    user.asset()
    some_id = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
    for name in ("albumId", "personId", "tagId"):
        response = user.get("/timeline/buckets", **{name: some_id})
        assert response.status_code == 400
        assert f"{name} cannot be used" in response.json["message"]
    assert months(user, visibility="timeline", withPartners="true", withStacked="true") == {"2023-06-01": 1}


@pytest.mark.parametrize("path", ["/timeline/buckets", "/timeline/bucket?timeBucket=2020-01-01"])
def test_callers_without_the_right(server: Server, user: Caller, path: str) -> None:
    assert server.nobody.get(path).status_code == 401
    refused = user.api_key("timeline.read").get(path)
    assert (refused.status_code, refused.json["message"]) == (403, "Missing required permission: asset.read")
    assert user.api_key("asset.read").get(path).status_code == 200


def test_a_full_month_costs_as_many_queries_as_one_asset(user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            month(user, "2023-06-01")
        return len(sql)

    user.asset()
    one = cost()
    for _ in range(5):
        user.asset()
    assert cost() == one
