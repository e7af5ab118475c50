"""Markers, and naming the places where pictures were taken, over HTTP."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from typing import Any

import pytest
from PIL import ExifTags, Image

from immich_flask.core.jobs.upkeep import CATCH_UP, queue_periodic
from immich_flask.core.models import Asset, AssetExif, JobRow
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server, photo
from plugins.map import geocoding


def taken_at(latitude: float, longitude: float) -> bytes:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "S" if latitude < 0 else "N"
    gps[ExifTags.GPS.GPSLatitude] = (abs(latitude), 0, 0)
    gps[ExifTags.GPS.GPSLongitudeRef] = "W" if longitude < 0 else "E"
    gps[ExifTags.GPS.GPSLongitude] = (abs(longitude), 0, 0)
    return photo(exif=exif)


def place(caller: Caller, asset: str) -> tuple:
    exif = caller.get(f"/assets/{asset}").json["exifInfo"]
    return exif["city"], exif["state"], exif["country"]


PARIS = ("Paris", "Île-de-France", "France")
NOWHERE = (None, None, None)


@pytest.fixture
def known(server: Server) -> None:
    """The file of places is there."""
    with server.context():
        geocoding.places().make()


def test_a_picture_is_named_after_the_nearest_town(known: None, user: Caller) -> None:
    assert place(user, user.asset(taken_at(48.8566, 2.3522))) == PARIS
    assert place(user, user.asset(taken_at(-45.5, -130.25))) == NOWHERE
    assert place(user, user.asset()) == NOWHERE


def test_a_position_set_by_hand(known: None, user: Caller) -> None:
    one, two = user.asset(), user.asset(taken_at(48.8566, 2.3522))
    answer = user.put(f"/assets/{one}", {"latitude": 35.6895, "longitude": 139.69171}).json
    assert answer["exifInfo"]["city"] == "Tokyo"
    user.put("/assets", {"ids": [one, two], "latitude": 48.8566, "longitude": 2.3522})
    assert place(user, one) == place(user, two) == PARIS
    user.put("/assets", {"ids": [one, two], "latitude": -20.5, "longitude": -100.25})
    assert place(user, one) == place(user, two) == NOWHERE


def test_many_positions_cost_as_much_as_one(known: None, user: Caller, queries: Callable) -> None:
    def cost(ids: list[str], at: float) -> int:
        with queries() as sql:
            assert user.put("/assets", {"ids": ids, "latitude": at, "longitude": 2.3522}).status_code == 204
        # Now and then old messages to live clients are removed.
        return sum("live_message" not in statement for statement in sql)

    ids = [user.asset() for _ in range(5)]
    cost(ids, 48.7)
    assert cost(ids, 48.8) == cost(ids[:1], 48.9)


def test_it_can_be_switched_off_and_on_again(known: None, server: Server, user: Caller) -> None:
    config = server.admin.get("/system-config").json
    try:
        config["reverseGeocoding"]["enabled"] = config["map"]["enabled"] = False
        assert server.admin.put("/system-config", config).status_code == 200
        features = server.nobody.get("/server/features").json
        assert (features["map"], features["reverseGeocoding"]) == (False, False)
        asset = user.asset(taken_at(48.8566, 2.3522))
        assert place(user, asset) == NOWHERE
    finally:
        config["reverseGeocoding"]["enabled"] = config["map"]["enabled"] = True
        assert server.admin.put("/system-config", config).status_code == 200
    # What came meanwhile is filled in.
    assert place(user, asset) == PARIS
    features = server.nobody.get("/server/features").json
    assert (features["map"], features["reverseGeocoding"]) == (True, True)


def test_nobody_waits_for_the_file_of_places(make_server: Callable[..., Server]) -> None:
    server = make_server()
    user = server.user()
    asset = user.asset()
    with server.context():
        assert not geocoding.places().ready
        AssetExif.update(latitude=48.8566, longitude=2.3522).where(AssetExif.asset == asset).execute()
        geocoding._name([asset])
        assert AssetExif.get_by_id(asset).city in (None, "Paris")
        assert JobRow.select().where(JobRow.name == geocoding.FILL_IN, JobRow.state == "failed").count() == 0
        geocoding.fill_in()
        assert geocoding.places().ready
        assert AssetExif.get_by_id(asset).country == "France"


def test_a_new_server_makes_the_file_before_anybody_asks(make_server: Callable[..., Server],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    with make_server().context():
        with monkeypatch.context() as off:
            off.setattr(geocoding, "setting", lambda name: name != "reverseGeocoding.enabled")
            queue_periodic(now() - CATCH_UP, now())
            assert not geocoding.places().ready
        queue_periodic(now() - CATCH_UP, now())
        assert geocoding.places().ready
        assert geocoding.when() is None


def test_while_another_worker_makes_the_file(make_server: Callable[..., Server]) -> None:
    """Nobody waits; what has no name yet gets one a little later."""
    server = make_server()
    with server.context():
        with geocoding.places().path.with_suffix(".making").open("wb") as another:
            fcntl.flock(another, fcntl.LOCK_EX)
            geocoding.fill_in()
        later = JobRow.get(JobRow.name == geocoding.FILL_IN)
        assert later.state == "waiting" and later.run_at - later.created_at == geocoding.WHILE_ANOTHER_MAKES
        assert not geocoding.places().ready


def test_filling_in_goes_on_behind_what_has_no_name(known: None, server: Server, user: Caller,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "PORTION", 2)
    ids = [user.asset() for _ in range(5)]
    with server.context():
        AssetExif.update(latitude=-20.5, longitude=-100.25).where(AssetExif.asset.in_(ids[:4])).execute()
        AssetExif.update(latitude=48.8566, longitude=2.3522).where(AssetExif.asset == ids[4]).execute()
        geocoding.fill_in()
    assert [place(user, asset) for asset in ids] == [NOWHERE] * 4 + [PARIS]


@pytest.fixture
def pictures(server: Server, user: Caller) -> dict[str, str]:
    rows: dict[str, dict[str, Any]] = {
        "west": {}, "south": {"is_favorite": True}, "archived": {"visibility": "archive"},
        "binned": {"deleted_at": "2022-01-01T00:00:00.000Z", "status": "trashed"},
        "locked": {"visibility": "locked"}, "hidden": {"visibility": "hidden"}, "nowhere": {},
    }
    ids = {}
    for day, (name, columns) in enumerate(rows.items(), 1):
        ids[name] = user.asset(fileCreatedAt=f"2020-01-0{day}T10:00:00.000Z")
        with server.context():
            Asset.update(file_created_at=f"2020-01-0{day}T10:00:00.000Z", **columns).where(
                Asset.id == ids[name]).execute()
            if name != "nowhere":
                (AssetExif.update(latitude=-40.5 - day, longitude=-120.25, city="A", state="B", country="C")
                 .where(AssetExif.asset == ids[name]).execute())
    return ids


def shown(caller: Caller, ids: dict[str, str], **query: str) -> list[str]:
    response = caller.get("/map/markers", **query)
    assert response.status_code == 200, response.text
    names = {asset: name for name, asset in ids.items()}
    return [names[marker["id"]] for marker in response.json]


@pytest.mark.parametrize(("query", "found"), [
    ({}, ["south", "west"]),
    ({"isArchived": "true"}, ["archived", "south", "west"]),
    ({"isArchived": "false"}, ["south", "west"]),
    ({"isFavorite": "true"}, ["south"]),
    ({"isFavorite": "false", "isArchived": "true"}, ["archived", "west"]),
    ({"fileCreatedAfter": "2020-01-02T10:00:00.000Z"}, ["south"]),
    ({"fileCreatedBefore": "2020-01-01T23:59:59.000Z"}, ["west"]),
    ({"fileCreatedAfter": "2020-01-01T11:00:00Z", "fileCreatedBefore": "2020-01-02T12:00:00+02:00"}, ["south"]),
    ({"fileCreatedAfter": "2021-01-01T00:00:00.000Z"}, []),
    ({"withPartners": "true", "withSharedAlbums": "true"}, ["south", "west"]),
    ({"colour": "red"}, ["south", "west"]),
])
def test_markers(user: Caller, pictures: dict, query: dict, found: list[str]) -> None:
    assert shown(user, pictures, **query) == found
    assert shown(user.elevated(), pictures, **query) == found


def test_a_marker(user: Caller, pictures: dict) -> None:
    assert user.get("/map/markers", isFavorite="true").json == [
        {"id": pictures["south"], "lat": -42.5, "lon": -120.25, "city": "A", "state": "B", "country": "C"}]


def test_markers_of_others(server: Server, user: Caller, other: Caller, pictures: dict) -> None:
    assert shown(other, pictures, withPartners="true", withSharedAlbums="true") == []
    user.post("/partners", {"sharedWithId": other.id})
    assert shown(other, pictures) == []
    # Also of a partner who is not mixed into the timeline.
    assert shown(other, pictures, withPartners="true", isArchived="true") == ["south", "west"]
    member = server.user()
    user.post("/albums", {"albumName": "A", "assetIds": [pictures["west"], pictures["archived"]],
                          "albumUsers": [{"userId": member.id, "role": "viewer"}]})
    assert shown(member, pictures) == []
    assert shown(member, pictures, withSharedAlbums="true", isArchived="true") == ["west"]
    assert shown(user, pictures, withSharedAlbums="true") == ["south", "west"]


def test_markers_cost_the_same_however_many(user: Caller, pictures: dict, queries: Callable) -> None:
    def cost(**query: str) -> int:
        with queries() as sql:
            assert user.get("/map/markers", **query).status_code == 200
        return len(sql)

    assert cost() == cost(isFavorite="true")


@pytest.mark.parametrize(("path", "permission"), [
    ("/map/markers", "map.read"), ("/map/reverse-geocode?lat=1&lon=1", "map.search")])
def test_callers_without_the_right(server: Server, user: Caller, path: str, permission: str) -> None:
    assert server.nobody.get(path).status_code == 401
    refused = user.api_key("asset.read", "map.read" if permission == "map.search" else "map.search").get(path)
    assert (refused.status_code, refused.json["message"]) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).get(path).status_code == 200


def test_links_see_no_map(user: Caller) -> None:
    album = user.post("/albums", {"albumName": "A"}).json["id"]
    key = user.post("/shared-links", {"type": "ALBUM", "albumId": album}).json["key"]
    assert user.server.nobody.get("/map/markers", key=key).status_code == 403


@pytest.mark.parametrize("query", [
    {"isArchived": "yes"}, {"isFavorite": "1"}, {"withPartners": "TRUE"}, {"withSharedAlbums": "x"},
    {"fileCreatedAfter": "2020-01-01"}, {"fileCreatedBefore": "now"}])
def test_bad_markers(user: Caller, query: dict) -> None:
    response = user.get("/map/markers", **query)
    assert (response.status_code, response.json["errors"][0]["path"]) == (400, list(query))


@pytest.mark.parametrize(("query", "paths"), [
    ({}, [["lat"], ["lon"]]), ({"lat": "1"}, [["lon"]]), ({"lat": "91", "lon": "0"}, [["lat"]]),
    ({"lat": "0", "lon": "181"}, [["lon"]]), ({"lat": "x", "lon": "0"}, [["lat"]]),
    ({"lat": "NaN", "lon": "0"}, [["lat"]]),
])
def test_bad_positions(user: Caller, query: dict, paths: list) -> None:
    response = user.get("/map/reverse-geocode", **query)
    assert (response.status_code, [error["path"] for error in response.json["errors"]]) == (400, paths)


def test_reverse_geocode(known: None, user: Caller) -> None:
    assert user.get("/map/reverse-geocode", lat="48.8566", lon="2.3522").json == [
        {"city": "Paris", "state": "Île-de-France", "country": "France"}]
    assert user.get("/map/reverse-geocode", lat="-45.5", lon="-130.25").json == [
        {"city": None, "state": None, "country": None}]
    assert user.get("/map/reverse-geocode", lat="90", lon="180").status_code == 200


def test_places_by_name(known: None, user: Caller) -> None:
    found = user.get("/search/places", name="paris").json
    assert found[0] == {"name": "Paris", "latitude": 48.85341, "longitude": 2.3488, "admin1name": "Île-de-France"}
    assert {"name": "Paris", "latitude": 33.66094, "longitude": -95.55551, "admin1name": "Texas",
            "admin2name": "Lamar County"} in found
    assert len(found) == 20


def test_switched_off_its_flags_are_false(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"plugins.disabled": ["map"]})
    user = server.user()
    asset = user.asset(taken_at(48.8566, 2.3522))
    assert user.get("/map/markers").status_code == user.get("/map/reverse-geocode").status_code == 404
    assert (place(user, asset), user.get("/search/places", name="Paris").json) == (NOWHERE, [])
    features = server.nobody.get("/server/features").json
    assert (features["map"], features["reverseGeocoding"]) == (False, False)
