"""Changing assets, one and many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_flask.contracts import events
from immich_flask.core.assets.dates import offset_name, wall_clock, zone
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.fields import iso
from immich_flask.testing import Caller, Server
from tests.core.assets.lending.hooks import Lent

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"


def exif_of(user: Caller, asset_id: str, *keys: str) -> list:
    asset = user.get(f"/assets/{asset_id}").json
    return [asset["exifInfo"].get(key, asset.get(key)) for key in keys]


def test_one_asset(user: Caller, lent: Lent) -> None:
    asset_id = user.asset()
    lent.heard.clear()
    at = f"/assets/{asset_id}"
    changed = user.put(at, {"isFavorite": True, "visibility": "archive", "description": " A sunny day\n", "rating": 4,
                            "latitude": 47.5, "longitude": -3.25, "isTrashed": True})
    assert changed.status_code == 200
    body = changed.json
    assert (body["isFavorite"], body["isArchived"], body["isTrashed"], body["people"]) == (True, True, False, [])
    assert not {"owner", "tags", "stack"} & body.keys()
    assert {key: body["exifInfo"][key] for key in ("description", "rating", "latitude", "longitude")} == {
        "description": "A sunny day", "rating": 4, "latitude": 47.5, "longitude": -3.25}
    assert lent.heard == [events.AssetsUpdated((asset_id,), user.id, frozenset({
        "is_favorite", "visibility", "description", "rating", "latitude", "longitude"}))]
    assert user.patch(at, {"rating": None, "description": ""}).json["exifInfo"]["rating"] is None
    lent.heard.clear()
    assert user.put(at, {}).json["isFavorite"] is True
    assert lent.heard == []


def test_many_assets(user: Caller, lent: Lent) -> None:
    a, b, c = (user.asset() for _ in range(3))
    lent.heard.clear()
    response = user.put("/assets", {"ids": [a, b, a], "isFavorite": True, "description": "together", "rating": 5,
                                    "duplicateId": UNKNOWN})
    assert (response.status_code, response.data) == (204, b"")
    assert lent.heard == [events.AssetsUpdated((a, b), user.id, frozenset({
        "is_favorite", "description", "rating", "duplicate_id"}))]
    assert [exif_of(user, each, "isFavorite", "description", "rating", "duplicateId") for each in (a, b, c)] == [
        [True, "together", 5, UNKNOWN]] * 2 + [[False, "", None, None]]
    assert user.patch("/assets", {"ids": [b, c], "duplicateId": None, "visibility": "archive"}).status_code == 204
    assert [exif_of(user, each, "duplicateId", "visibility") for each in (a, b, c)] == [
        [UNKNOWN, "timeline"], [None, "archive"], [None, "archive"]]
    assert user.put("/assets", {"ids": [], "isFavorite": True}).status_code == 204


def test_what_a_user_says_is_remembered_as_his(user: Caller, server: Server) -> None:
    a, b = user.asset(), user.asset()
    user.put(f"/assets/{a}", {"description": "mine"})
    user.put("/assets", {"ids": [a, b], "rating": 3, "dateTimeRelative": 5})
    user.put("/assets", {"ids": [a, b], "isFavorite": True})
    with server.context():
        locked = {exif.asset_id: exif.locked for exif in AssetExif.select().where(AssetExif.asset.in_([a, b]))}
    assert locked == {a: ["date_time_original", "description", "rating", "time_zone"],
                      b: ["date_time_original", "rating", "time_zone"]}


def test_another_place_has_another_name(user: Caller, server: Server) -> None:
    asset_id = user.asset()
    with server.context():
        AssetExif.update(city="Brest", country="France").where(AssetExif.asset == asset_id).execute()
    assert user.put(f"/assets/{asset_id}", {"rating": 1}).json["exifInfo"]["city"] == "Brest"
    moved = user.put(f"/assets/{asset_id}", {"latitude": 0, "longitude": 0}).json["exifInfo"]
    assert (moved["latitude"], moved["city"], moved["country"]) == (0, None, None)


def test_locking_is_told(user: Caller, lent: Lent) -> None:
    a, b = user.asset(), user.asset()
    lent.heard.clear()
    user.put("/assets", {"ids": [a, b], "visibility": "locked"})
    assert lent.heard[1:] == [events.AssetsLocked((a, b), user.id)]
    assert user.put(f"/assets/{a}", {"isFavorite": True}).json == {"message": "Not found or no asset.update access"}
    lent.heard.clear()
    c = user.asset()
    lent.heard.clear()
    assert user.put(f"/assets/{c}", {"visibility": "locked"}).json["visibility"] == "locked"
    assert events.AssetsLocked((c,), user.id) in lent.heard
    assert user.elevated().put("/assets", {"ids": [a, c], "visibility": "timeline"}).status_code == 204
    assert user.get(f"/assets/{a}").json["visibility"] == "timeline"


def test_all_or_none(user: Caller, other: Caller, server: Server, link: Callable[..., Caller], lent: Lent) -> None:
    mine, theirs = user.asset(), other.asset()
    lent.assets[user.id] = {theirs}
    for ids in ([mine, theirs], [mine, UNKNOWN]):
        response = user.put("/assets", {"ids": ids, "isFavorite": True})
        assert (response.status_code, response.json) == (400, {"message": "Not found or no asset.update access"})
    assert user.get(f"/assets/{mine}").json["isFavorite"] is False
    assert user.put(f"/assets/{theirs}", {"isFavorite": True}).status_code == 400
    for method, path in (("PUT", "/assets"), ("PATCH", "/assets"), ("PUT", f"/assets/{mine}"),
                         ("PATCH", f"/assets/{mine}")):
        body = {"ids": [mine], "isFavorite": True}
        assert server.nobody.open(method, path, body).status_code == 401
        assert user.api_key("asset.read").open(method, path, body).status_code == 403
        assert link(user, mine).open(method, path, body).status_code == 403
        assert user.api_key("asset.update").open(method, path, body).status_code in (200, 204)


@pytest.mark.parametrize(("body", "paths"), [
    ({"rating": 0}, [["rating"]]), ({"rating": 6}, [["rating"]]), ({"rating": 2.5}, [["rating"]]),
    ({"latitude": 5}, [[]]), ({"longitude": 5}, [[]]), ({"latitude": 91, "longitude": 0}, [["latitude"]]),
    ({"latitude": 0, "longitude": 180.5}, [["longitude"]]), ({"visibility": "public"}, [["visibility"]]),
    ({"isFavorite": "true"}, [["isFavorite"]]), ({"description": 5}, [["description"]]),
    ({"description": "a\0b"}, [["description"]]), ({"dateTimeOriginal": "yesterday"}, [["dateTimeOriginal"]]),
    ({"dateTimeOriginal": 5}, [["dateTimeOriginal"]]),
])
def test_bad_values(user: Caller, body: dict, paths: list) -> None:
    asset_id = user.asset()
    before = user.get(f"/assets/{asset_id}").json
    for response in (user.put(f"/assets/{asset_id}", {"isFavorite": True, **body}),
                     user.put("/assets", {"ids": [asset_id], "isFavorite": True, **body})):
        assert response.status_code == 400
        assert [error["path"] for error in response.json["errors"]] == paths
    assert user.get(f"/assets/{asset_id}").json == before


@pytest.mark.parametrize(("body", "paths"), [
    ({}, [["ids"]]), ({"ids": "x"}, [["ids"]]), ({"ids": [UNKNOWN, "abc"]}, [["ids", 1]]),
    ({"ids": [], "dateTimeRelative": 5, "dateTimeOriginal": "2020-01-01T00:00:00.000Z"}, [[]]),
    ({"ids": [], "dateTimeRelative": 0.5}, [["dateTimeRelative"]]), ({"ids": [], "duplicateId": "x"}, [["duplicateId"]]),
    ({"ids": [], "timeZone": "Mars/Olympus"}, [["timeZone"]]), ({"ids": [], "timeZone": "../../etc"}, [["timeZone"]]),
    ({"ids": [], "timeZone": "America"}, [["timeZone"]]), ({"ids": [], "timeZone": "UTC+99"}, [["timeZone"]]),
])
def test_bad_values_for_many(user: Caller, body: dict, paths: list) -> None:
    response = user.put("/assets", body)
    assert response.status_code == 400
    assert [error["path"] for error in response.json["errors"]] == paths


@pytest.mark.parametrize(("given", "instant", "local", "name"), [
    ("2020-03-04T05:06:07.000+02:00", "2020-03-04T03:06:07.000Z", "2020-03-04T05:06:07.000Z", "UTC+2"),
    ("2019-12-31T23:30:00.000Z", "2019-12-31T23:30:00.000Z", "2019-12-31T23:30:00.000Z", "UTC+0"),
    ("2022-06-07T08:09:10.250-09:30", "2022-06-07T17:39:10.250Z", "2022-06-07T08:09:10.250Z", "UTC-9:30"),
    ("2022-06-07T08:09", "2022-06-07T08:09:00.000Z", "2022-06-07T10:09:00.000Z", "UTC+2"),
    ("2022-01-07", "2022-01-07T00:00:00.000Z", "2022-01-07T01:00:00.000Z", "UTC+1"),
])
def test_a_date_for_one(user: Caller, server: Server, given: str, instant: str, local: str, name: str) -> None:
    asset_id = user.asset()
    with server.context():
        AssetExif.update(time_zone="Europe/Berlin").where(AssetExif.asset == asset_id).execute()
    assert user.put(f"/assets/{asset_id}", {"dateTimeOriginal": given}).status_code == 200
    asset = user.get(f"/assets/{asset_id}").json
    assert (asset["fileCreatedAt"], asset["localDateTime"], asset["exifInfo"]["timeZone"]) == (instant, local, name)
    assert asset["exifInfo"]["dateTimeOriginal"][:19] == instant[:19]
    assert asset["originalPath"] == f"/{user.id}/{local[:4]}/{local[:10]}/photo.jpg"


def test_dates_for_many(user: Caller, server: Server) -> None:
    a, b = user.asset(name="same.jpg"), user.asset(name="same.jpg")
    with server.context():
        for asset_id, day in ((a, 1), (b, 2)):
            AssetExif.update(date_time_original=datetime(2015, 5, day, 10, tzinfo=UTC), time_zone="UTC+2").where(
                AssetExif.asset == asset_id).execute()

    def now() -> list[list]:
        return [exif_of(user, each, "fileCreatedAt", "localDateTime", "timeZone") for each in (a, b)]

    user.put("/assets", {"ids": [a, b], "dateTimeRelative": 90})
    assert now() == [[f"2015-05-0{n}T11:30:00.000Z", f"2015-05-0{n}T13:30:00.000Z", "UTC+2"] for n in (1, 2)]
    user.put("/assets", {"ids": [a, b], "timeZone": "America/New_York"})
    assert now() == [[f"2015-05-0{n}T11:30:00.000Z", f"2015-05-0{n}T07:30:00.000Z", "UTC-4"] for n in (1, 2)]
    user.put("/assets", {"ids": [a, b], "dateTimeRelative": -24 * 60, "timeZone": "+05:30"})
    assert now() == [[f"2015-{day}T11:30:00.000Z", f"2015-{day}T17:00:00.000Z", "UTC+5:30"]
                     for day in ("04-30", "05-01")]
    user.put("/assets", {"ids": [a, b], "dateTimeOriginal": "2000-02-29T12:00:00.000+05:30"})
    assert now() == [["2000-02-29T06:30:00.000Z", "2000-02-29T12:00:00.000Z", "UTC+5:30"]] * 2
    paths = [exif_of(user, each, "originalPath")[0] for each in (a, b)]
    assert len(set(paths)) == 2
    assert all(path.startswith(f"/{user.id}/2000/2000-02-29/same") for path in paths)


def test_dates_have_an_end(user: Caller) -> None:
    asset_id = user.asset()
    for minutes in (2**53 - 1, -(2**53 - 1), 10**10):
        response = user.put("/assets", {"ids": [asset_id], "dateTimeRelative": minutes})
        assert (response.status_code, response.json) == (400, {"message": "The date is out of range"})
    assert user.put(f"/assets/{asset_id}", {"dateTimeOriginal": "9999-12-31T23:59:59-14:00"}).status_code == 400
    assert user.put(f"/assets/{asset_id}", {"dateTimeOriginal": "0001-01-01T00:00:00Z"}).status_code == 200
    assert user.get(f"/assets/{asset_id}").json["fileCreatedAt"] == "0001-01-01T00:00:00.000Z"


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), minutes=st.integers(-14 * 60, 14 * 60))
def test_an_offset_survives_its_name(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert zone(offset_name(local)).utcoffset(None) == timedelta(minutes=minutes)
    assert iso(wall_clock(local))[:19] == moment.isoformat()[:19]


def test_ten_thousand_at_once(user: Caller, server: Server, queries: Callable, lent: Lent) -> None:
    ids = many_assets(server, user, 10_000)
    with queries() as sql:
        assert user.put("/assets", {"ids": ids, "isFavorite": True, "description": "all", "dateTimeRelative": 60,
                                    "latitude": 1, "longitude": 2}).status_code == 204
    # The folders change for a few at most, so paths cost nothing here.
    assert len(sql) < 40
    with server.context():
        assert Asset.select().where(Asset.owner == user.id, Asset.is_favorite).count() == 10_000
        assert AssetExif.select().join(Asset).where(
            Asset.owner == user.id, AssetExif.description == "all", AssetExif.time_zone == "UTC+0").count() == 10_000
    with queries() as sql:
        assert user.delete("/assets", {"ids": ids}).status_code == 204
    assert len(sql) < 15
    assert user.get("/assets/statistics", isTrashed="true").json["total"] == 10_000
    lent.heard.clear()
    assert user.delete("/assets", {"ids": ids, "force": True}).status_code == 204
    assert lent.heard == [events.AssetsDeleted(lent.heard[0].asset_ids, user.id)]
    assert set(lent.heard[0].asset_ids) == set(ids)
    assert user.get("/assets/statistics", isTrashed="true").json["total"] == 0


def many_assets(server: Server, user: Caller, count: int) -> list[str]:
    """Rows without bytes."""
    from uuid import uuid4

    moment = datetime(2020, 1, 1, 12, tzinfo=UTC)
    with server.context(), server.database.atomic():
        ids = [str(uuid4()) for _ in range(count)]
        for start in range(0, count, 500):
            some = ids[start:start + 500]
            Asset.insert_many([{
                "id": asset_id, "owner": user.id, "type": "IMAGE", "checksum": asset_id, "original_file_name": "a.jpg",
                "original_path": f"/{user.id}/2020/2020-01-01/{asset_id}.jpg", "storage_key": f"none/{asset_id}",
                "file_created_at": moment, "file_modified_at": moment, "local_date_time": moment}
                for asset_id in some]).execute()
            AssetExif.insert_many([{"asset": asset_id, "file_size_in_byte": 0} for asset_id in some]).execute()
    return ids
