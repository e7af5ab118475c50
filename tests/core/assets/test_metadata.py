"""Key-value metadata of clients."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from tests.core.assets.lending.hooks import Lent


def pairs(response: object) -> dict:
    return {item["key"]: item["value"] for item in response.json}


def test_set_read_replace_forget(user: Caller) -> None:
    at = f"/assets/{user.asset()}/metadata"
    assert user.get(at).json == []
    items = {"mobile-app": {"iCloudId": "x", "n": [1, {"a": None}]}, "mine": {"b": True}, "ä/ö": {}}
    made = user.put(at, {"items": [{"key": key, "value": value} for key, value in items.items()]})
    assert (made.status_code, pairs(made)) == (200, items)
    assert pairs(user.get(at)) == items
    assert user.get(f"{at}/mobile-app").json["value"] == items["mobile-app"]
    user.put(at, {"items": [{"key": "mobile-app", "value": {"z": 1}}]})
    assert user.get(f"{at}/mobile-app").json["value"] == {"z": 1}
    for _ in range(2):
        assert user.delete(f"{at}/mine").status_code == 204
    assert pairs(user.get(at)).keys() == {"mobile-app", "ä/ö"}
    missing = user.get(f"{at}/mine")
    assert (missing.status_code, missing.json["message"]) == (
        400, f'Metadata with key "mine" not found for asset with id "{at.split("/")[2]}"')
    assert user.put(at, {"items": []}).json == []


def test_many_assets(user: Caller, other: Caller, queries: Callable) -> None:
    a, b, theirs = user.asset(), user.asset(), other.asset()
    items = [{"assetId": each, "key": key, "value": {"of": each}} for each in (b, a) for key in ("k", "l")]
    made = user.put("/assets/metadata", {"items": items})
    assert [{key: item[key] for key in ("assetId", "key", "value")} for item in made.json] == items
    assert user.put("/assets/metadata", {"items": []}).json == []
    for method in ("PUT", "DELETE"):
        mixed = [{"assetId": a, "key": "k", "value": {}}, {"assetId": theirs, "key": "k", "value": {}}]
        assert user.open(method, "/assets/metadata", {"items": mixed}).json == {
            "message": "Not found or no asset.update access"}
    gone = [{"assetId": a, "key": "k"}, {"assetId": b, "key": "l"}, {"assetId": b, "key": "nothing"}]
    assert user.delete("/assets/metadata", {"items": gone}).status_code == 204
    assert pairs(user.get(f"/assets/{a}/metadata")).keys() == {"l"}
    assert pairs(user.get(f"/assets/{b}/metadata")).keys() == {"k"}
    many = [{"assetId": a, "key": str(n), "value": {}} for n in range(3000)]
    assert len(user.put("/assets/metadata", {"items": many}).json) == 3000
    assert user.delete("/assets/metadata", {"items": many}).status_code == 204
    assert pairs(user.get(f"/assets/{a}/metadata")).keys() == {"l"}


def test_a_key_given_twice(user: Caller) -> None:
    asset_id = user.asset()
    one = user.put(f"/assets/{asset_id}/metadata", {"items": [{"key": "a", "value": {}}] * 2})
    assert (one.status_code, one.json["message"]) == (400, 'Duplicate items are not allowed: "a"')
    many = user.put("/assets/metadata", {"items": [{"assetId": asset_id, "key": "a", "value": {}}] * 2})
    assert (many.status_code, many.json["message"]) == (400, f'Duplicate items are not allowed: "({asset_id}, a)"')
    assert user.get(f"/assets/{asset_id}/metadata").json == []


@pytest.mark.parametrize(("body", "path"), [
    ({}, ["items"]), ({"items": [{"key": "a", "value": "x"}]}, ["items", 0, "value"]),
    ({"items": [{"key": "a", "value": []}]}, ["items", 0, "value"]), ({"items": [{"value": {}}]}, ["items", 0, "key"]),
    ({"items": [{"key": 1, "value": {}}]}, ["items", 0, "key"]),
    ({"items": [{"key": "a\0", "value": {}}]}, ["items", 0, "key"]),
    ({"items": [{"key": "a", "value": {"b": "\0"}}]}, ["items", 0, "value"]),
])
def test_bad_values(user: Caller, body: dict, path: list) -> None:
    response = user.put(f"/assets/{user.asset()}/metadata", body)
    assert response.status_code == 400
    assert [error["path"] for error in response.json["errors"]] == [path]


def test_deep_values_are_refused_rather_than_unreadable(user: Caller) -> None:
    at = f"/assets/{user.asset()}/metadata"
    for levels, status in ((99, 200), (300, 400), (1000, 400)):
        value: object = 1
        for _ in range(levels):
            value = [value]
        body = b'{"items":[{"key":"a","value":{"v":' + b"[" * levels + b"1" + b"]" * levels + b"}}]}"
        response = user.open("PUT", at, data=body, content_type="application/json")
        assert response.status_code == status, levels
        if status == 200:
            assert user.get(f"{at}/a").json["value"] == {"v": value}


def test_who_may(user: Caller, other: Caller, server: Server, link: Callable[..., Caller], lent: Lent) -> None:
    asset_id = user.asset()
    lent.assets[other.id] = {asset_id}
    at, items = f"/assets/{asset_id}/metadata", {"items": [{"key": "a", "value": {}}]}
    user.put(at, items)
    assert pairs(other.get(at)) == {"a": {}}
    assert other.put(at, items).json == {"message": "Not found or no asset.update access"}
    assert other.delete(f"{at}/a").json == {"message": "Not found or no asset.update access"}
    assert server.admin.get(at).json == {"message": "Not found or no asset.read access"}
    assert link(user, asset_id).get(at).status_code == 403
    assert server.nobody.get(at).status_code == 401
    assert user.api_key("asset.read").put(at, items).status_code == 403
    assert user.api_key("asset.read").get(f"{at}/a").status_code == 200
