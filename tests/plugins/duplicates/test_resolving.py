"""Deciding on groups of duplicates, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immich_flask.contracts.events import AssetsMerged
from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server
from tests.plugins.duplicates.conftest import Grouped
from tests.plugins.duplicates.test_groups import REFUSED, groups

BOTH = "An asset cannot be in both keepAssetIds and trashAssetIds"
NEITHER = "Every asset must be in either keepAssetIds or trashAssetIds"


def resolve(caller: Caller, *decisions: tuple[str, list[str], list[str]]) -> list[dict]:
    response = caller.post("/duplicates/resolve", {"groups": [
        {"duplicateId": group, "keepAssetIds": keep, "trashAssetIds": throw} for group, keep, throw in decisions]})
    assert response.status_code == 200, response.text
    return response.json


def asset(caller: Caller, asset_id: str) -> dict:
    response = caller.get(f"/assets/{asset_id}")
    assert response.status_code == 200, response.text
    return response.json


def trashed(caller: Caller, *assets: str) -> list[bool]:
    return [asset(caller, asset_id)["isTrashed"] for asset_id in assets]


def test_one_stays_and_one_goes(user: Caller, grouped: Grouped) -> None:
    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    assert resolve(user, (group, [a], [b])) == [{"id": group, "success": True}]
    assert trashed(user, a, b) == [False, True]
    assert groups(user) == {}
    assert [asset(user, asset_id)["duplicateId"] for asset_id in (a, b)] == [None, None]
    user.post("/trash/restore/assets", {"ids": [b]})
    assert groups(user) == {}


def test_all_stay_or_all_go(user: Caller, grouped: Grouped) -> None:
    a, b, c, d = (user.asset() for _ in range(4))
    user.put("/assets", {"ids": [b], "isFavorite": True})
    first, second = grouped(user, a, b), grouped(user, c, d)
    assert [result["success"] for result in resolve(user, (first, [a, b], []), (second, [], [c, d]))] == [True, True]
    assert trashed(user, a, b, c, d) == [False, False, True, True]
    assert not asset(user, a)["isFavorite"], "who stays beside others takes nothing on"


def test_a_group_is_refused_alone(user: Caller, grouped: Grouped) -> None:
    a, b, c, d, e, f = (user.asset() for _ in range(6))
    first, second, third = grouped(user, a, b), grouped(user, c, d), grouped(user, e, f)
    assert resolve(user, (first, [a], []), (second, [c], [d]), (third, [e, f], [f])) == [
        {"id": first, "success": False, "error": "validation", "errorMessage": NEITHER},
        {"id": second, "success": True},
        {"id": third, "success": False, "error": "validation", "errorMessage": BOTH},
    ]
    assert set(groups(user)) == {first, third}
    assert trashed(user, a, b, c, d, e, f) == [False, False, False, True, False, False]


def test_a_group_is_decided_once(user: Caller, grouped: Grouped) -> None:
    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    assert resolve(user, (group, [a], [b]), (group, [b], [a])) == [
        {"id": group, "success": True}, {"id": group, "success": False, "error": "not_found"}]
    assert trashed(user, a, b) == [False, True]


def test_assets_of_no_group_are_left_alone(user: Caller, other: Caller, grouped: Grouped) -> None:
    a, b, mine, foreign = user.asset(), user.asset(), user.asset(), other.asset()
    group = grouped(user, a, b)
    other.put("/assets", {"ids": [foreign], "duplicateId": group})
    assert resolve(user, (group, [a, mine], [b, foreign, mine]))[0]["success"]
    assert trashed(user, a, b, mine) == [False, True, False]
    assert trashed(other, foreign) == [False]
    assert asset(other, foreign)["duplicateId"] == group


def test_groups_of_others(user: Caller, other: Caller, grouped: Grouped) -> None:
    a, b, c, d = user.asset(), user.asset(), other.asset(), other.asset()
    mine, foreign = grouped(user, a, b), grouped(other, c, d)
    for group in (foreign, str(uuid4())):
        refused = user.post("/duplicates/resolve", {"groups": [
            {"duplicateId": mine, "keepAssetIds": [a], "trashAssetIds": [b]},
            {"duplicateId": group, "keepAssetIds": [c], "trashAssetIds": [d]}]})
        assert (refused.status_code, refused.json) == (400, REFUSED)
    assert trashed(user, a, b) == [False, False]
    assert trashed(other, c, d) == [False, False]


def test_locked_ones_are_not_thrown_away(user: Caller, grouped: Grouped) -> None:
    a, b, locked = (user.asset() for _ in range(3))
    group = grouped(user, a, b, locked)
    user.put("/assets", {"ids": [locked], "visibility": "locked"})
    assert resolve(user.elevated(), (group, [a], [b, locked]))[0]["success"]
    assert trashed(user.elevated(), locked) == [False]


def test_where_the_trash_is_off_they_are_gone(make_server: Callable[..., Server], grouped: Grouped) -> None:
    user = make_server(**{"plugins.disabled": ["trash"]}).user()
    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    assert resolve(user, (group, [a], [b]))[0]["success"]
    assert user.get(f"/assets/{b}").status_code == 400
    assert user.get("/assets/statistics").json["total"] == 1


class TestWhatTheOneThatStaysTakesOn:
    def test_its_mark_rating_description_and_archive(self, user: Caller, grouped: Grouped) -> None:
        a, b, c = (user.asset(fileCreatedAt=f"2001-01-0{day}T00:00:00.000Z") for day in (1, 2, 3))
        user.put(f"/assets/{a}", {"description": "A lake\nwith swans", "rating": 2})
        user.put(f"/assets/{b}", {"description": " with swans \n\nat dawn", "rating": 4, "isFavorite": True})
        user.put("/assets", {"ids": [c], "visibility": "archive"})
        group = grouped(user, a, b, c)
        assert resolve(user, (group, [a], [b, c]))[0]["success"]
        kept = asset(user, a)
        assert (kept["isFavorite"], kept["visibility"]) == (True, "archive")
        assert (kept["exifInfo"]["rating"], kept["exifInfo"]["description"]) == (4, "A lake\nwith swans\nat dawn")

    def test_a_place_that_they_agree_on(self, user: Caller, grouped: Grouped) -> None:
        def place(*places: tuple[float, float] | None) -> tuple[float | None, float | None]:
            assets = [user.asset() for _ in places]
            for asset_id, where in zip(assets, places, strict=True):
                if where:
                    user.put(f"/assets/{asset_id}", {"latitude": where[0], "longitude": where[1]})
            assert resolve(user, (grouped(user, *assets), assets[:1], assets[1:]))[0]["success"]
            exif = asset(user, assets[0])["exifInfo"]
            return exif["latitude"], exif["longitude"]

        assert place(None, (47.5, 8.5)) == (47.5, 8.5)
        assert place(None, (47.5, 8.5), (47.5, 8.5)) == (47.5, 8.5)
        assert place((47.5, 8.5), (10, 10)) == (47.5, 8.5)
        assert place(None, (47.5, 8.5), (10, 8.5)) == (None, None)
        assert place(None, None) == (None, None)
        assert place(None, (0, 0)) == (0, 0)

    def test_nothing_where_all_was_said(self, server: Server, user: Caller, grouped: Grouped) -> None:
        """What nobody said anew is left to the file."""
        from immich_flask.core.models import AssetExif

        a, b = user.asset(), user.asset()
        assert resolve(user, (grouped(user, a, b), [a], [b]))[0]["success"]
        with server.context():
            assert AssetExif.get(AssetExif.asset == a).locked == []

    def test_albums_and_tags(self, server: Server, user: Caller, other: Caller, grouped: Grouped) -> None:
        a, b, c = (user.asset() for _ in range(3))
        own, both, foreign, read_only = (who.post("/albums", {"albumName": "x"}).json["id"]
                                         for who in (user, user, other, other))
        for album, role in ((foreign, "editor"), (read_only, "editor")):
            other.put(f"/albums/{album}/users", {"albumUsers": [{"userId": user.id, "role": role}]})
        for album, assets in ((own, [b]), (both, [a, c]), (foreign, [c]), (read_only, [c])):
            user.put(f"/albums/{album}/assets", {"ids": assets})
        other.put(f"/albums/{read_only}/user/{user.id}", {"role": "viewer"})
        lake, dawn, partners = (user.put("/tags", {"tags": [name]}).json[0]["id"] for name in ("lake", "dawn", "mine"))
        user.put("/tags/assets", {"tagIds": [lake], "assetIds": [a, b]})
        user.put("/tags/assets", {"tagIds": [dawn], "assetIds": [c]})
        assert resolve(user, (grouped(user, a, b, c), [a], [b, c]))[0]["success"]
        held = {album: [found["id"] for found in user.post("/search/metadata", {"albumIds": [album]})
                        .json["assets"]["items"]] for album in (own, both, foreign, read_only)}
        assert held == {own: [a], both: [a], foreign: [a], read_only: []}
        assert [tag["value"] for tag in asset(user, a)["tags"]] == ["dawn", "lake"]
        assert user.get(f"/albums/{own}").json["albumThumbnailAssetId"] == a
        assert partners not in [tag["id"] for tag in asset(user, a)["tags"]]


def test_many_groups_cost_as_many_queries_as_one(user: Caller, grouped: Grouped, queries: Callable) -> None:
    def cost(count: int) -> int:
        decisions = []
        for _ in range(count):
            a, b = user.asset(), user.asset()
            user.put("/assets", {"ids": [b], "isFavorite": True})
            decisions.append((grouped(user, a, b), [a], [b]))
        with queries() as sql:
            assert all(result["success"] for result in resolve(user, *decisions))
        return len(sql)

    assert cost(1) == cost(4)


def test_who_merges_is_told_once(server: Server, user: Caller, grouped: Grouped) -> None:
    """`AssetsMerged` is inside the transaction: a veto leaves everything as it was."""
    from immich_flask.contracts.errors import BadRequest
    from immich_flask.contracts.plugin import Listener

    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    told = []

    def veto(event: AssetsMerged) -> None:
        told.append(event)
        raise BadRequest("Not today")

    listeners = server.runtime.plugins.listeners.setdefault((AssetsMerged, "inside"), [])
    listeners.append(("test", Listener(AssetsMerged, "inside", veto)))
    try:
        refused = user.post("/duplicates/resolve", {"groups": [
            {"duplicateId": group, "keepAssetIds": [a], "trashAssetIds": [b]}]})
    finally:
        listeners.pop()
    assert (refused.status_code, refused.json) == (400, {"message": "Not today"})
    assert told == [AssetsMerged(((b, a),), user.id)]
    assert groups(user) == {group: {a, b}}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["timeline", "archive"]), st.sampled_from(["keep", "throw", "both", "none"])),
                min_size=2, max_size=5))
def test_whatever_is_decided_nothing_is_lost(server: Server, grouped: Grouped, fates: list[tuple[str, str]]) -> None:
    """Either all happens as it was said, or nothing."""
    user = server.user()
    assets = [user.asset() for _ in fates]
    for asset_id, (visibility, _) in zip(assets, fates, strict=True):
        user.put("/assets", {"ids": [asset_id], "visibility": visibility})
    group = grouped(user, *assets)

    def named(*kinds: str) -> list[str]:
        return [asset_id for asset_id, (_, fate) in zip(assets, fates, strict=True) if fate in kinds]

    result, = resolve(user, (group, named("keep", "both"), named("throw", "both")))
    assert result["success"] == (not named("both", "none"))
    gone = set(named("throw")) if result["success"] else set()
    with server.context():
        stored = {row.id: row for row in Asset.select().where(Asset.owner == user.id)}
    assert {asset_id for asset_id, row in stored.items() if row.deleted_at} == gone
    assert {row.duplicate_id for row in stored.values()} == {None if result["success"] else group}
