"""Showing groups of duplicates and dismissing them, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from immich_flask.core.models import Asset, AssetExif
from immich_flask.testing import Caller, Server
from tests.plugins.duplicates.conftest import Grouped

REFUSED = {"message": "Not found or no duplicate.delete access"}


def groups(caller: Caller) -> dict[str, set[str]]:
    response = caller.get("/duplicates")
    assert response.status_code == 200, response.text
    return {group["duplicateId"]: {asset["id"] for asset in group["assets"]} for group in response.json}


def duplicate_id(caller: Caller, asset: str) -> str | None:
    return caller.get(f"/assets/{asset}").json["duplicateId"]


def test_groups_are_listed_with_their_assets_by_date(user: Caller, other: Caller, grouped: Grouped) -> None:
    late, early, third = user.asset(), user.asset(fileCreatedAt="2001-01-01T00:00:00.000Z"), user.asset()
    one, two = grouped(user, late, early), grouped(user, third, user.asset())
    assert [group["duplicateId"] for group in user.get("/duplicates").json] == sorted([one, two])
    found = next(group["assets"] for group in user.get("/duplicates").json if group["duplicateId"] == one)
    assert [asset["id"] for asset in found] == [early, late]
    assert groups(other) == {}


def test_an_asset_is_whole(user: Caller, grouped: Grouped) -> None:
    grouped(user, user.asset(), user.asset())
    asset = user.get("/duplicates").json[0]["assets"][0]
    assert asset["exifInfo"]["fileSizeInByte"] > 0
    assert (asset["tags"], asset["people"]) == ([], [])
    assert not {"owner", "stack"} & asset.keys()


def test_the_largest_is_suggested_then_the_one_that_says_most_then_the_last(server: Server, user: Caller,
                                                                          grouped: Grouped) -> None:
    def suggested(*facts: dict) -> int:
        assets = [user.asset() for _ in facts]
        group = grouped(user, *assets)
        with server.context():
            for at, (asset, columns) in enumerate(zip(assets, facts, strict=True)):
                Asset.update(local_date_time=f"2020-01-0{at + 1}T00:00:00.000Z").where(Asset.id == asset).execute()
                AssetExif.update({"make": None, "date_time_original": None, "modify_date": None, **columns}).where(
                    AssetExif.asset == asset).execute()
        found = next(item for item in user.get("/duplicates").json if item["duplicateId"] == group)
        return assets.index(*found["suggestedKeepAssetIds"])

    big, small = {"file_size_in_byte": 2000}, {"file_size_in_byte": 1000}
    assert suggested(small, big, small) == 1
    assert suggested({**big, "make": "Canon"}, big, {**small, "make": "Canon", "model": "X"}) == 0
    assert suggested(big, big) == 1
    assert suggested({"file_size_in_byte": None}, {"file_size_in_byte": None}) == 1


@pytest.mark.parametrize("hide", ["trash", "lock", "stack"])
def test_what_is_out_of_sight_is_in_no_group(user: Caller, grouped: Grouped, hide: str) -> None:
    a, b, c = (user.asset() for _ in range(3))
    group = grouped(user, a, b, c)
    if hide == "trash":
        user.delete("/assets", {"ids": [c]})
    elif hide == "lock":
        user.put("/assets", {"ids": [c], "visibility": "locked"})
    else:
        user.post("/stacks", {"assetIds": [c, user.asset()]})
    assert groups(user) == {group: {a, b}}
    assert groups(user.elevated()) == {group: {a, b}}


def test_archived_ones_are_in_groups(user: Caller, grouped: Grouped) -> None:
    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    user.put("/assets", {"ids": [a], "visibility": "archive"})
    assert groups(user) == {group: {a, b}}


def test_who_is_left_alone_is_freed(user: Caller, other: Caller, grouped: Grouped) -> None:
    alone, a, b, foreign = user.asset(), user.asset(), user.asset(), other.asset()
    group = grouped(user, alone)
    # Of somebody else, who happens to have said the same.
    other.put("/assets", {"ids": [foreign], "duplicateId": group})
    pair = grouped(user, a, b)
    assert groups(user) == {pair: {a, b}}
    assert duplicate_id(user, alone) is None
    assert duplicate_id(other, foreign) == group
    user.delete("/assets", {"ids": [a]})
    assert groups(user) == {}
    assert duplicate_id(user, b) is None


def test_to_look_changes_nothing_where_nobody_is_alone(user: Caller, grouped: Grouped, queries: Callable) -> None:
    grouped(user, user.asset(), user.asset())
    with queries() as sql:
        groups(user)
    assert not [statement for statement in sql if statement.startswith(("UPDATE", "BEGIN"))]


def test_one_that_stays_beside_locked_ones_is_not_shown_alone(user: Caller, grouped: Grouped) -> None:
    a, b = user.asset(), user.asset()
    group = grouped(user, a, b)
    user.put("/assets", {"ids": [b], "visibility": "locked"})
    assert groups(user) == {}
    user.elevated().put("/assets", {"ids": [b], "visibility": "timeline"})
    assert groups(user) == {group: {a, b}}


def test_a_long_list_costs_as_many_queries_as_a_short_one(user: Caller, grouped: Grouped, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            groups(user)
        return len(sql)

    grouped(user, user.asset(), user.asset())
    one = cost()
    for _ in range(3):
        grouped(user, *(user.asset() for _ in range(3)))
    assert cost() == one


def test_dismissing_one(user: Caller, other: Caller, grouped: Grouped) -> None:
    a, b = user.asset(), user.asset()
    trashed = user.asset()
    group = grouped(user, a, b, trashed)
    user.delete("/assets", {"ids": [trashed]})
    refused = other.delete(f"/duplicates/{group}")
    assert (refused.status_code, refused.json) == (400, REFUSED)
    assert user.delete(f"/duplicates/{group}").status_code == 204
    assert groups(user) == {}
    assert [duplicate_id(user, asset) for asset in (a, b, trashed)] == [None] * 3
    again = user.delete(f"/duplicates/{group}")
    assert (again.status_code, again.json) == (400, REFUSED)


def test_dismissing_many(user: Caller, other: Caller, grouped: Grouped) -> None:
    pairs = [[user.asset(), user.asset()] for _ in range(3)]
    first, second, third = (grouped(user, *pair) for pair in pairs)
    foreign = grouped(other, other.asset(), other.asset())
    for ids in ([first, str(uuid4())], [first, foreign]):
        refused = user.delete("/duplicates", {"ids": ids})
        assert (refused.status_code, refused.json) == (400, REFUSED)
    assert len(groups(user)) == 3
    assert user.delete("/duplicates", {"ids": []}).status_code == 204
    assert user.delete("/duplicates", {"ids": [first, third, first]}).status_code == 204
    assert groups(user) == {second: set(pairs[1])}
    assert len(groups(other)) == 1


def test_ten_thousand_ids_in_one_call(user: Caller) -> None:
    refused = user.delete("/duplicates", {"ids": [str(uuid4()) for _ in range(10_000)]})
    assert (refused.status_code, refused.json) == (400, REFUSED)
    nowhere = [{"duplicateId": str(uuid4()), "keepAssetIds": [], "trashAssetIds": []} for _ in range(10_000)]
    refused = user.post("/duplicates/resolve", {"groups": nowhere})
    assert (refused.status_code, refused.json) == (400, REFUSED)


OPERATIONS = [("GET", "/duplicates", None, "duplicate.read"), ("DELETE", "/duplicates", {"ids": []}, "duplicate.delete"),
              ("DELETE", "/duplicates/{id}", None, "duplicate.delete"),
              ("POST", "/duplicates/resolve", {"groups": []}, "duplicate.delete")]


@pytest.mark.parametrize(("method", "path", "body", "permission"), OPERATIONS)
def test_callers_without_the_right(server: Server, user: Caller, method: str, path: str, body: dict | None,
                                   permission: str) -> None:
    path = path.replace("{id}", str(uuid4()))
    assert server.nobody.open(method, path, body).status_code == 401
    refused = user.api_key("asset.read", "asset.update").open(method, path, body)
    assert (refused.status_code, refused.json["message"]) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).open(method, path, body).status_code != 403
    album = user.post("/albums", {"albumName": "Shared"}).json["id"]
    key = user.post("/shared-links", {"type": "ALBUM", "albumId": album}).json["key"]
    assert server.nobody.open(method, path, body, query={"key": key}).status_code == 403


@pytest.mark.parametrize(("method", "path", "body", "where"), [
    ("DELETE", "/duplicates", {}, [["ids"]]),
    ("DELETE", "/duplicates", {"ids": ["x"]}, [["ids", 0]]),
    ("DELETE", "/duplicates/x", None, [["id"]]),
    ("POST", "/duplicates/resolve", {}, [["groups"]]),
    ("POST", "/duplicates/resolve", {"groups": []}, [["groups"]]),
    ("POST", "/duplicates/resolve", {"groups": [{"duplicateId": str(uuid4())}]},
     [["groups", 0, "keepAssetIds"], ["groups", 0, "trashAssetIds"]]),
])
def test_bad_values(user: Caller, method: str, path: str, body: dict | None, where: list) -> None:
    response = user.open(method, path, body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json["errors"]] == where


def test_the_flag_stays_down(user: Caller) -> None:
    """It promises that duplicates are found."""
    assert user.get("/server/features").json["duplicateDetection"] is False


def test_switched_off_and_on_again(make_server: Callable[..., Server]) -> None:
    without = make_server(**{"plugins.disabled": ["duplicates"]}).user()
    a, b = without.asset(), without.asset()
    group = str(uuid4())
    assert without.put("/assets", {"ids": [a, b], "duplicateId": group}).status_code == 204
    assert without.get("/duplicates").status_code == 404
    assert duplicate_id(without, a) == group
