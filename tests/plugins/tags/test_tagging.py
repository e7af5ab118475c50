"""Putting tags on assets, taking them off, finding assets by them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.core.models import AssetExif
from immich_flask.testing import Caller, Server
from tests.plugins.sync.conftest import add_asset
from tests.plugins.tags.test_tags import UNKNOWN, make, refusal


def tags_of(caller: Caller, asset_id: str) -> list[str]:
    return [tag["value"] for tag in caller.get(f"/assets/{asset_id}").json["tags"]]


def months(caller: Caller, **query: str) -> int | tuple[int, str]:
    """How many assets the timeline shows, or why it does not."""
    response = caller.get("/timeline/buckets", **query)
    return sum(month["count"] for month in response.json) if response.status_code == 200 else refusal(response)


def found(caller: Caller, tag_ids: list[str] | None) -> set[str]:
    response = caller.post("/search/metadata", {"tagIds": tag_ids})
    assert response.status_code == 200, response.text
    return {asset["id"] for asset in response.json["assets"]["items"]}


def test_each_id_is_answered(user: Caller, other: Caller) -> None:
    red, blue, theirs = user.asset(), user.asset(), other.asset()
    path = f"/tags/{make(user, 'a/b')['a/b']}/assets"
    refused = {"success": False, "error": "no_permission"}
    assert user.put(path, {"ids": [red, theirs, UNKNOWN]}).json == [
        {"id": red, "success": True}, {"id": theirs, **refused}, {"id": UNKNOWN, **refused}]
    duplicate = {"success": False, "error": "duplicate"}
    assert user.put(path, {"ids": [red, blue, blue]}).json == [
        {"id": red, **duplicate}, {"id": blue, "success": True}, {"id": blue, **duplicate}]
    assert tags_of(user, red) == tags_of(user, blue) == ["a/b"]
    missing = {"success": False, "error": "not_found"}
    assert user.delete(path, {"ids": [red, theirs, red]}).json == [
        {"id": red, "success": True}, {"id": theirs, **missing}, {"id": red, **missing}]
    assert (tags_of(user, red), tags_of(user, blue)) == ([], ["a/b"])


def test_bulk_tagging_counts_new_pairs_and_passes_over_what_is_foreign(user: Caller, other: Caller) -> None:
    red, blue, theirs = user.asset(), user.asset(), other.asset()
    tags, foreign = make(user, "a/b", "c"), make(other, "f")["f"]
    mine = [tags["a/b"], tags["c"]]

    def count(tag_ids: list[str], asset_ids: list[str]) -> int:
        return user.put("/tags/assets", {"tagIds": tag_ids, "assetIds": asset_ids}).json["count"]

    assert count(mine[:1], [red]) == 1
    assert count([*mine, foreign], [red, blue, theirs, UNKNOWN]) == 3
    assert count(mine, [red, blue]) == count([foreign], [red]) == count(mine, [theirs]) == count([], []) == 0
    assert tags_of(user, red) == tags_of(user, blue) == ["a/b", "c"]
    assert tags_of(other, theirs) == []


def test_a_partners_assets_take_tags_of_which_he_hears_nothing(user: Caller, other: Caller) -> None:
    theirs = other.asset()
    other.post("/partners", {"sharedWithId": user.id})
    tag = make(user, "borrowed")["borrowed"]
    assert user.put("/tags/assets", {"tagIds": [tag], "assetIds": [theirs]}).json == {"count": 0}
    assert user.put(f"/tags/{tag}/assets", {"ids": [theirs]}).json == [{"id": theirs, "success": True}]
    assert (tags_of(user, theirs), tags_of(other, theirs)) == (["borrowed"], [])
    assert (found(other, [tag]), found(other, None)) == (set(), {theirs})
    own = make(other, "own")["own"]
    other.put(f"/tags/{own}/assets", {"ids": [theirs]})
    assert (tags_of(user, theirs), tags_of(other, theirs)) == (["borrowed", "own"], ["own"])


def test_what_is_locked_is_tagged_only_by_who_sees_it(user: Caller) -> None:
    asset, tag = user.asset(), make(user, "t")["t"]
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    body = {"tagIds": [tag], "assetIds": [asset]}
    assert user.put("/tags/assets", body).json == {"count": 0}
    assert user.put(f"/tags/{tag}/assets", {"ids": [asset]}).json[0]["error"] == "no_permission"
    assert user.elevated().put("/tags/assets", body).json == {"count": 1}
    assert months(user, tagId=tag) == 0
    assert found(user, [tag]) == set()


def test_a_tag_finds_what_carries_one_below_it(server: Server, user: Caller, other: Caller) -> None:
    red, blue, plain = (user.asset() for _ in range(3))
    tags = make(user, "top/low", "side")
    user.put("/tags/assets", {"tagIds": [tags["top/low"]], "assetIds": [red, blue]})
    user.put("/tags/assets", {"tagIds": [tags["side"]], "assetIds": [blue]})
    assert months(user, tagId=tags["top"]) == months(user, tagId=tags["top/low"]) == 2
    assert months(user, tagId=tags["side"]) == 1
    for caller, tag in ((other, tags["top"]), (server.admin, tags["top"]), (user, UNKNOWN)):
        assert months(caller, tagId=tag) == (400, "Not found or no tag.read access")
    assert found(user, [tags["top"]]) == {red, blue}
    assert found(user, [tags["top"], tags["side"]]) == {blue}
    assert found(user, None) == {plain}
    assert found(user, []) == {red, blue, plain}
    for asked in ([UNKNOWN], [tags["top"], UNKNOWN], [tags["top"], tags["top"]]):
        assert found(user, asked) == set()
    assert found(other, [tags["top"]]) == set()
    user.delete(f"/tags/{tags['top']}")
    assert months(user, tagId=tags["top/low"]) == (400, "Not found or no tag.read access")
    assert found(user, None) == {red, plain}
    assert user.get("/assets/statistics").json["total"] == 3


def test_ten_thousand_in_one_call(server: Server, user: Caller, queries: Callable) -> None:
    with server.context():
        assets = [add_asset(user.id) for _ in range(200)]
    tags = make(user, "a", "b")
    unknown = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(9_800)]

    def cost(tag: str, ids: list[str]) -> tuple[int, int]:
        with queries() as sql:
            tagged = user.put(f"/tags/{tag}/assets", {"ids": ids}).json
        return len(sql), sum(each["success"] for each in tagged)

    one, few = cost(tags["a"], assets[:1])
    all_, many = cost(tags["b"], assets + unknown)
    assert (few, many) == (1, 200)
    assert all_ <= one
    with queries() as sql:
        assert user.put("/tags/assets", {"tagIds": list(tags.values()), "assetIds": assets + unknown}).json == {
            "count": 199}
    assert len(sql) <= one + 2
    user.delete(f"/tags/{tags['b']}/assets", {"ids": assets + unknown})
    assert months(user, tagId=tags["b"]) == 0
    too_many = {"tagIds": list(make(user, *(f"t{number}" for number in range(3000))).values()), "assetIds": assets}
    assert refusal(user.put("/tags/assets", too_many)) == (400, "At most 500000 pairs of tag and asset at once")


def test_the_list_of_an_asset_costs_the_same_however_long(user: Caller, queries: Callable) -> None:
    asset = user.asset()

    def cost() -> int:
        with queries() as sql:
            user.get(f"/assets/{asset}")
        return len(sql)

    none = cost()
    tags = make(user, *(f"t{number}" for number in range(20)))
    user.put("/tags/assets", {"tagIds": list(tags.values()), "assetIds": [asset]})
    assert cost() == none
    assert len(tags_of(user, asset)) == 20


@pytest.mark.parametrize(("path", "body", "issue"), [
    ("/tags/{tag}/assets", {"ids": ["x"]}, ["ids", 0]), ("/tags/{tag}/assets", {}, ["ids"]),
    ("/tags/assets", {"tagIds": ["x"], "assetIds": []}, ["tagIds", 0]), ("/tags/assets", {"tagIds": []}, ["assetIds"]),
])
def test_bad_input(user: Caller, path: str, body: dict, issue: list) -> None:
    response = user.put(path.format(tag=make(user, "t")["t"]), body)
    assert refusal(response) == (400, "Validation failed")
    assert [each["path"] for each in response.json["errors"]] == [issue]


def test_exif_keeps_what_the_user_said(server: Server, user: Caller) -> None:
    asset = user.asset()
    tags = make(user, "b", "a/c")

    def kept() -> tuple:
        with server.context():
            return AssetExif.select(AssetExif.tags, AssetExif.locked).where(AssetExif.asset == asset).tuples().get()

    assert kept() == (None, [])
    user.put("/tags/assets", {"tagIds": list(tags.values()), "assetIds": [asset]})
    assert kept() == (["a", "a/c", "b"], ["tags"])
    user.delete(f"/tags/{tags['a']}")
    assert kept() == (["b"], ["tags"])
    user.delete(f"/tags/{tags['b']}/assets", {"ids": [asset]})
    assert kept() == (None, ["tags"])


def test_switched_off_and_on_again(server: Server, make_server: Callable[..., Server]) -> None:
    """With the same database: what was tagged stays so."""
    whole = make_server()
    user = whole.user()
    asset, tag = user.asset(), make(user, "kept")["kept"]
    user.put("/tags/assets", {"tagIds": [tag], "assetIds": [asset]})
    without = again(whole, make_server, **{"plugins.disabled": ["tags"]})
    user.server = without
    assert user.get("/tags").status_code == 404
    assert user.get(f"/assets/{asset}").json["tags"] == []
    assert months(user, tagId=tag)[0] == 400
    assert user.delete("/assets", {"ids": [user.asset()], "force": True}).status_code == 204
    user.server = whole
    assert tags_of(user, asset) == ["kept"]
    assert months(user, tagId=tag) == 1


def again(server: Server, make_server: Callable[..., Server], **overrides: object) -> Server:
    """Another server with the database and the storage of the first."""
    other = make_server(**overrides)
    other.database.close_all()
    other.database = server.database
    return other
