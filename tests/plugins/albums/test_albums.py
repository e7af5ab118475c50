"""Making, finding, changing and deleting albums, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from tests.plugins.albums.conftest import NO_SUCH, bare_assets, make_album, said
from tests.plugins.albums.linking.hooks import Known


def names(caller: Caller, **query: str) -> list[str]:
    response = caller.get("/albums", **query)
    assert response.status_code == 200, response.text
    return [album["albumName"] for album in response.json]


def test_a_new_album(user: Caller) -> None:
    made = user.post("/albums", {"albumName": "Sea", "more": 1}).json
    assert made["albumUsers"] == [{"user": made["albumUsers"][0]["user"], "role": "owner"}]
    assert made["albumUsers"][0]["user"]["id"] == user.id
    del made["albumUsers"], made["createdAt"], made["updatedAt"]
    assert made == {"id": made["id"], "albumName": "Sea", "description": "", "albumThumbnailAssetId": None,
                    "shared": False, "hasSharedLink": False, "assetCount": 0, "isActivityEnabled": True,
                    "order": "desc"}


def test_a_new_album_with_everything(server: Server, user: Caller, other: Caller) -> None:
    mine, theirs = user.asset(fileCreatedAt="2023-05-02T08:30:00.000Z"), other.asset()
    june = user.asset(fileCreatedAt="2023-06-15T10:00:00.000Z")
    made = user.post("/albums", {
        "albumName": "", "description": "words", "assetIds": [theirs, june, NO_SUCH, mine, june],
        "albumUsers": [{"userId": other.id, "role": "viewer"}, {"userId": other.id, "role": "editor"},
                       {"userId": user.id, "role": "viewer"}]}).json
    assert (made["albumName"], made["description"], made["shared"], made["assetCount"]) == ("", "words", True, 2)
    assert (made["startDate"], made["endDate"]) == ("2023-05-02T08:30:00.000Z", "2023-06-15T10:00:00.000Z")
    assert made["albumThumbnailAssetId"] == june
    assert [(each["user"]["id"], each["role"]) for each in made["albumUsers"]] == [
        (user.id, "owner"), (other.id, "viewer")]


def test_a_refused_album_leaves_nothing(server: Server, user: Caller, other: Caller) -> None:
    gone = server.user()
    server.admin.delete(f"/admin/users/{gone.id}", {})
    for users, answer in (([{"userId": NO_SUCH, "role": "viewer"}], "Invalid user"),
                          ([{"userId": other.id, "role": "viewer"}, {"userId": gone.id, "role": "viewer"}],
                           "Invalid user"),
                          ([{"userId": other.id, "role": "owner"}], "Cannot add another owner")):
        assert said(user.post("/albums", {"albumName": "x", "albumUsers": users})) == (400, answer)
    assert names(user) == names(other) == []


@pytest.mark.parametrize(("body", "path"), [
    ({}, ["albumName"]), ({"albumName": None}, ["albumName"]), ({"albumName": "a\0b"}, ["albumName"]),
    ({"albumName": "x", "description": None}, ["description"]),
    ({"albumName": "x", "assetIds": ["1"]}, ["assetIds", 0]), ({"albumName": "x", "assetIds": None}, ["assetIds"]),
    ({"albumName": "x", "albumUsers": [{"userId": NO_SUCH}]}, ["albumUsers", 0, "role"]),
    ({"albumName": "x", "albumUsers": [{"userId": NO_SUCH, "role": "boss"}]}, ["albumUsers", 0, "role"]),
])
def test_bad_albums(user: Caller, body: dict, path: list) -> None:
    refused = user.post("/albums", body)
    assert (refused.status_code, [issue["path"] for issue in refused.json["errors"]]) == (400, [path])
    assert names(user) == []


def test_the_order_is_as_preferred(user: Caller) -> None:
    user.put("/users/me/preferences", {"albums": {"defaultAssetOrder": "asc"}})
    assert user.post("/albums", {"albumName": "x"}).json["order"] == "asc"


def test_lists(user: Caller, other: Caller, link: Callable) -> None:
    sun, moon = user.asset(), user.asset()
    alone, linked = make_album(user, sun, moon, albumName="Alone"), make_album(user, albumName="Linked")
    make_album(user, moon, viewers=(other,), albumName="Given")
    make_album(other, editors=(user,), albumName="Taken")
    link(user, linked)
    assert names(user) == ["Taken", "Given", "Linked", "Alone"]
    for query, wanted in (
            ({"isOwned": "true"}, ["Given", "Linked", "Alone"]), ({"isOwned": "false"}, ["Taken"]),
            ({"isShared": "true"}, ["Taken", "Given", "Linked"]), ({"isShared": "false"}, ["Alone"]),
            ({"isOwned": "true", "isShared": "true"}, ["Given", "Linked"]), ({"name": "Given"}, ["Given"]),
            ({"name": "given"}, []), ({"name": ""}, ["Taken", "Given", "Linked", "Alone"]), ({"id": alone}, ["Alone"]),
            ({"id": alone, "isShared": "true"}, []), ({"assetId": moon}, ["Given", "Alone"]),
            ({"assetId": moon, "isShared": "false", "name": "x"}, ["Given", "Alone"]), ({"assetId": NO_SUCH}, [])):
        assert names(user, **query) == wanted, query
    assert names(other) == ["Taken", "Given"]
    assert names(other, assetId=sun) == []
    assert user.get("/albums/statistics").json == {"owned": 3, "shared": 3, "notShared": 1}
    assert other.get("/albums/statistics").json == {"owned": 1, "shared": 2, "notShared": 0}


@pytest.mark.parametrize("query", [{"isOwned": "yes"}, {"isShared": "TRUE"}, {"assetId": "1"}, {"id": ""}])
def test_bad_lists(user: Caller, query: dict) -> None:
    refused = user.get("/albums", **query)
    assert (refused.status_code, refused.json["errors"][0]["path"]) == (400, list(query))


def test_dates_and_counts_of_what_is_shown(server: Server, user: Caller, other: Caller) -> None:
    may, june, trashed, archived, hidden = (user.asset(fileCreatedAt=f"2023-{month}-02T23:30:00.000Z")
                                            for month in ("05", "06", "07", "08", "09"))
    theirs = other.asset(fileCreatedAt="2023-10-01T00:10:00.000Z")
    album = make_album(user, may, june, trashed, archived, hidden, editors=(other,))
    other.put(f"/albums/{album}/assets", {"ids": [theirs]})
    user.delete("/assets", {"ids": [trashed]})
    user.put("/assets", {"ids": [archived], "visibility": "archive"})
    user.put("/assets", {"ids": [hidden], "visibility": "hidden"})
    for caller in (user, other):
        one, = caller.get("/albums", id=album).json
        assert (one["startDate"], one["endDate"], one["assetCount"]) == (
            "2023-05-02T00:00:00.000Z", "2023-10-01T00:00:00.000Z", 4)
        assert "contributorCounts" not in one
        whole = caller.get(f"/albums/{album}").json
        assert whole["contributorCounts"] == [
            {"userId": user.id, "assetCount": 3}, {"userId": other.id, "assetCount": 1}]
        assert whole["lastModifiedAssetTimestamp"] == one["lastModifiedAssetTimestamp"] > one["createdAt"]
        del whole["contributorCounts"], whole["albumUsers"], one["albumUsers"]
        assert whole == one


def test_contributors_are_told_of_shared_albums_only(user: Caller, other: Caller, link: Callable) -> None:
    assert "contributorCounts" not in user.get(f"/albums/{make_album(user, user.asset())}").json
    assert user.get(f"/albums/{make_album(user, viewers=(other,))}").json["contributorCounts"] == []
    linked = make_album(user)
    link(user, linked)
    assert user.get(f"/albums/{linked}").json["contributorCounts"] == []


def test_members_in_order(server: Server) -> None:
    owner, zoe, abe, mia, eve = (server.user(name) for name in ("owner", "zoe", "abe", "mia", "eve"))
    album = make_album(owner, editors=(mia, eve), viewers=(zoe, abe))
    for caller, wanted in ((owner, "owner eve mia abe zoe"), (mia, "owner mia eve abe zoe"),
                           (zoe, "owner eve mia zoe abe"), (abe, "owner eve mia abe zoe")):
        for answer in (caller.get(f"/albums/{album}").json, caller.get("/albums").json[0]):
            assert " ".join(each["user"]["name"] for each in answer["albumUsers"]) == wanted


def test_changes(user: Caller, other: Caller) -> None:
    red, blue, out = user.asset(), user.asset(), user.asset()
    album = make_album(user, red, blue, editors=(other,))
    path = f"/albums/{album}"
    for caller, body in ((user, {"albumName": "After"}), (other, {"description": "words"}), (user, {"order": "asc"}),
                         (user, {"albumThumbnailAssetId": blue}), (other, {"isActivityEnabled": False})):
        before = caller.get(path).json
        answer = caller.patch(path, body).json
        assert {**answer, **body} == answer
        assert answer["updatedAt"] > before["updatedAt"]
        assert user.get(path).json | body == user.get(path).json
    before = user.get(path).json
    assert user.patch(path, {"other": 1}).json["updatedAt"] == before["updatedAt"]
    for refused in (out, NO_SUCH):
        assert said(user.patch(path, {"albumName": "x", "albumThumbnailAssetId": refused})) == (
            400, "Invalid album thumbnail")
    for body in ({"albumName": None}, {"order": "random"}, {"albumThumbnailAssetId": "x"},
                 {"isActivityEnabled": "true"}):
        assert user.patch(path, body).json["errors"][0]["path"] == list(body)
    assert user.get(path).json == before


def test_deleting(user: Caller, other: Caller) -> None:
    asset = user.asset()
    album = make_album(user, asset, editors=(other,))
    assert said(other.delete(f"/albums/{album}")) == (400, "Not found or no album.delete access")
    assert user.delete(f"/albums/{album}").status_code == 204
    assert names(user) == names(other) == []
    assert said(user.delete(f"/albums/{album}")) == (400, "Not found or no album.delete access")
    assert user.get(f"/assets/{asset}").status_code == 200
    assert other.get(f"/assets/{asset}").status_code == 400


def test_the_map_of_an_album(user: Caller, other: Caller, link: Callable) -> None:
    here, plain, trashed = user.asset(), user.asset(), user.asset()
    user.put("/assets", {"ids": [here, trashed], "latitude": 48.5, "longitude": 9.25})
    user.delete("/assets", {"ids": [trashed]})
    album = make_album(user, here, plain, trashed, viewers=(other,))
    marker = {"id": here, "lat": 48.5, "lon": 9.25, "city": None, "state": None, "country": None}
    for caller in (user, other, link(user, album)):
        assert caller.get(f"/albums/{album}/map-markers").json == [marker]
    assert link(user, album, show_metadata=False).get(f"/albums/{album}/map-markers").json == []
    assert link(user, make_album(user)).get(f"/albums/{album}/map-markers").status_code == 400


def test_lists_cost_the_same_however_long(server: Server, user: Caller, other: Caller, queries: Callable,
                                          known: Known) -> None:
    def cost(path: str) -> int:
        known.asked = 0
        with queries() as sql:
            assert user.get(path).status_code == 200
        assert known.asked <= 1
        return len(sql)

    asset = bare_assets(server, user)[0]
    paths = ("/albums", "/albums?isShared=true", "/albums/statistics", f"/albums?assetId={asset}")
    album = make_album(user, asset, viewers=(other,))
    single = f"/albums/{album}"
    before, one = [cost(path) for path in paths], cost(single)
    more = [make_album(user, asset, viewers=(other, server.user())) for _ in range(5)]
    user.put("/albums/assets", {"albumIds": [album, *more], "assetIds": bare_assets(server, user, 30)})
    assert [cost(path) for path in paths] == before
    assert cost(single) == one
    # PostgreSQL is asked twice whether anybody has written.
    assert max(before) <= 6
