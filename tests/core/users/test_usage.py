"""What an account holds, in numbers: statistics, calendar heatmap, used bytes."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest

from immich_flask.core.assets.owner import recount_usage
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.fields import instant, now
from immich_flask.testing.callers import Caller, Server

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"

serial = itertools.count(1)


def asset(server: Server, owner: Caller, *, size: int = 1, taken: datetime | None = None, **columns) -> str:
    """A row as the upload leaves it."""
    with server.context():
        moment = taken or now()
        row = Asset.create(**{
            "owner": owner.id, "type": "IMAGE", "checksum": str(next(serial)), "original_file_name": "a.jpg",
            "original_path": "/a.jpg", "storage_key": "a", "file_created_at": moment, "file_modified_at": moment,
            "local_date_time": moment, **columns})
        AssetExif.create(asset=row.id, file_size_in_byte=size)
        return row.id


def test_statistics(server: Server, user: Caller) -> None:
    at = f"/admin/users/{user.id}/statistics"
    asset(server, user, is_favorite=True)
    asset(server, user, type="VIDEO")
    asset(server, user, visibility="archive")
    asset(server, user, type="VIDEO", visibility="hidden")
    asset(server, user, visibility="locked")
    asset(server, user, deleted_at=now(), status="trashed")

    def ask(**query: str) -> tuple[int, int, int]:
        answer = server.admin.get(at, **query).json
        return answer["images"], answer["videos"], answer["total"]

    assert ask() == (2, 1, 3)
    assert (ask(isFavorite="true"), ask(isFavorite="false")) == ((1, 0, 1), (1, 1, 2))
    assert (ask(visibility="archive"), ask(visibility="hidden")) == ((1, 0, 1), (0, 1, 1))
    assert (ask(isTrashed="true"), ask(isTrashed="false")) == ((1, 0, 1), (2, 1, 3))
    nobody = server.admin.get(f"/admin/users/{UNKNOWN}/statistics")
    assert (nobody.status_code, nobody.json) == (200, {"images": 0, "videos": 0, "total": 0})


def test_statistics_of_the_locked_folder(server: Server, user: Caller) -> None:
    boss = server.user("boss", is_admin=True)
    asset(server, boss, visibility="locked")
    for caller, owner in ((boss, boss), (boss, user), (boss.elevated(), user)):
        answer = caller.get(f"/admin/users/{owner.id}/statistics", visibility="locked")
        assert (answer.status_code, answer.json) == (401, {"message": "Elevated permission is required"})
    assert boss.elevated().get(f"/admin/users/{boss.id}/statistics", visibility="locked").json["total"] == 1


def test_bad_statistics(server: Server, user: Caller) -> None:
    for query in ({"visibility": "public"}, {"isFavorite": "1"}, {"isTrashed": ""}):
        answer = server.admin.get(f"/admin/users/{user.id}/statistics", **query)
        assert [issue["path"] for issue in answer.json["errors"]] == [[next(iter(query))]]


def test_heatmap_of_days_taken(server: Server, user: Caller, other: Caller) -> None:
    for day in ("2021-03-04T10:00:00.000Z", "2021-03-04T22:00:00.000Z", "2021-03-06T23:59:59.999Z"):
        asset(server, user, taken=instant(day))
    asset(server, user, taken=instant("2021-03-05T10:00:00.000Z"), deleted_at=now())
    asset(server, other, taken=instant("2021-03-05T10:00:00.000Z"))
    answer = user.get("/users/me/calendar-heatmap", type="Taken", **{"from": "2021-03-03", "to": "2021-03-07"}).json
    assert answer == {
        "from": "2021-03-03", "to": "2021-03-07", "totalCount": 3,
        "series": [{"date": f"2021-03-0{day}", "count": count} for day, count in zip(range(3, 8), (0, 2, 0, 1, 0))]}


def test_heatmap_of_the_last_year(server: Server, user: Caller) -> None:
    asset(server, user, taken=instant("2021-03-04T10:00:00.000Z"))
    answer = user.get("/users/me/calendar-heatmap").json
    today = now().date()
    assert (len(answer["series"]), answer["totalCount"], answer["to"]) == (364, 1, today.isoformat())
    assert answer["from"] == answer["series"][0]["date"] == (today - timedelta(days=363)).isoformat()
    assert answer["series"][-1] == {"date": today.isoformat(), "count": 1}
    at = f"/admin/users/{user.id}/calendar-heatmap"
    assert server.admin.get(at).json == user.get(at).json == answer


def test_heatmaps_of_others_are_for_administrators(server: Server, user: Caller, other: Caller) -> None:
    at = f"/admin/users/{user.id}/calendar-heatmap"
    assert (other.get(at).status_code, other.get(at).json) == (403, {"message": "Forbidden"})
    assert server.nobody.get(at).status_code == 401
    assert user.api_key("asset.read").get(at).json == {"message": "Missing required permission: user.read"}


def test_heatmap_and_the_locked_folder(server: Server) -> None:
    boss = server.user("boss", is_admin=True)
    asset(server, boss, visibility="locked")
    at = "/users/me/calendar-heatmap"
    assert (boss.get(at).json["totalCount"], boss.elevated().get(at).json["totalCount"]) == (0, 1)
    other = server.user("other", is_admin=True).elevated()
    assert other.get(f"/admin/users/{boss.id}/calendar-heatmap").json["totalCount"] == 0


@pytest.mark.parametrize(("query", "path"), [
    ({"from": "2021-03-07", "to": "2021-03-03"}, ["from"]), ({"type": "Liked"}, ["type"]),
    ({"from": "yesterday"}, ["from"]), ({"to": "2021-02-30"}, ["to"])])
def test_bad_heatmaps(user: Caller, query: dict, path: list) -> None:
    answer = user.get("/users/me/calendar-heatmap", **query)
    assert (answer.status_code, [issue["path"] for issue in answer.json["errors"]]) == (400, [path])


@pytest.mark.parametrize("query", [
    {"from": "0001-01-01"}, {"to": "0001-01-01"}, {"to": "9999-12-31"}, {"from": "1800-01-01", "to": "2020-01-01"}])
def test_heatmaps_without_end(user: Caller, query: dict) -> None:
    assert user.get("/users/me/calendar-heatmap", **query).status_code == 400


def test_a_day_in_the_future(user: Caller) -> None:
    tomorrow = (date.today() + timedelta(days=2)).isoformat()
    assert user.get("/users/me/calendar-heatmap", **{"from": tomorrow}).json["series"] == []


def test_heatmap_of_an_unknown(server: Server) -> None:
    answer = server.admin.get(f"/admin/users/{UNKNOWN}/calendar-heatmap")
    assert (answer.status_code, answer.json) == (400, {"message": "User not found"})


def test_used_bytes_are_counted_again(server: Server, user: Caller, other: Caller) -> None:
    asset(server, user, size=1000)
    asset(server, user, size=500, deleted_at=now(), status="trashed")
    asset(server, user, size=300, library_id=UNKNOWN)
    with server.context():
        before = User.get_by_id(other.id).update_id
        recount_usage()
        assert User.get_by_id(user.id).quota_usage_in_bytes == 1500
        assert User.get_by_id(other.id).update_id == before
    asset(server, user, size=7)
    asset(server, other, size=9)
    with server.context():
        recount_usage(user.id)
    assert [caller.get("/users/me").json["quotaUsageInBytes"] for caller in (user, other)] == [1507, 0]


def test_a_new_quota_counts_what_there_is(server: Server, user: Caller) -> None:
    asset(server, user, size=1000)
    changed = server.admin.put(f"/admin/users/{user.id}", {"quotaSizeInBytes": 5000}).json
    assert (changed["quotaSizeInBytes"], changed["quotaUsageInBytes"]) == (5000, 1000)
    assert server.admin.get(f"/admin/users/{user.id}").json == changed


def test_the_nightly_job_can_be_switched_off(make_server) -> None:
    from immich_flask.core.settings import system_config, update_system_config

    server = make_server()
    job = server.runtime.jobs["UserSyncUsage"]
    with server.context():
        assert job.cron() == "0 0 * * *"
        config = system_config()
        update_system_config({**config, "nightlyTasks": {**config["nightlyTasks"], "startTime": "03:30"}})
        assert (job.cron(), server.runtime.jobs["UserDeleteCheck"].cron()) == ("30 3 * * *", "30 3 * * *")
        config = system_config()
        update_system_config({**config, "nightlyTasks": {**config["nightlyTasks"], "syncQuotaUsage": False}})
        assert (job.cron(), server.runtime.jobs["UserDeleteCheck"].cron()) == (None, "30 3 * * *")
