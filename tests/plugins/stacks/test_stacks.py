"""Stacking assets and taking stacks apart, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from tests.plugins.sync.conftest import add_asset
from tests.plugins.tags.test_tagging import again

UNKNOWN = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def made(caller: Caller, *asset_ids: str) -> str:
    """The id of a new stack; the first asset is the primary."""
    response = caller.post("/stacks", {"assetIds": list(asset_ids)})
    assert response.status_code == 201, response.text
    return response.json["id"]


def members(caller: Caller, stack_id: str) -> list[str] | None:
    """Ids of what the stack shows, the primary first; None: there is no such stack."""
    response = caller.get(f"/stacks/{stack_id}")
    if response.status_code == 400:
        assert response.json == {"message": "Not found or no stack.read access"}
        return None
    return [asset["id"] for asset in response.json["assets"]]


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def shots(caller: Caller, count: int) -> list[str]:
    """New photos, by date."""
    dates = [f"2023-06-15T10:00:0{second}.000Z" for second in range(count)]
    return [caller.asset(fileCreatedAt=date, fileModifiedAt=date) for date in dates]


@pytest.fixture
def photos(user: Caller) -> list[str]:
    return shots(user, 5)


def test_the_first_asset_is_the_primary(user: Caller, photos: list[str]) -> None:
    red, blue, grey, *_ = photos
    answer = user.post("/stacks", {"assetIds": [blue, grey, red]})
    assert answer.status_code == 201
    stack = answer.json
    assert stack["primaryAssetId"] == blue
    assert [asset["id"] for asset in stack["assets"]] == [blue, red, grey]
    assert all("exifInfo" in asset and "tags" not in asset for asset in stack["assets"])
    read = user.get(f"/stacks/{stack['id']}").json
    assert [asset.pop("tags") for asset in read["assets"]] == [[], [], []]
    assert read == stack


def test_only_primaries_bring_their_stack_along(user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    first = made(user, a, b)
    second = made(user, c, a)
    assert members(user, first) is None
    assert members(user, second) == [c, a, b]
    third = made(user, d, b)
    assert members(user, third) == [d, b]
    assert members(user, second) == [c, a]
    fourth = made(user, c, e)
    assert members(user, fourth) == [c, a, e]
    assert {stack["id"] for stack in user.get("/stacks").json} == {third, fourth}


def test_what_is_in_the_trash_comes_along_too(user: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    made(user, a, b, c)
    user.delete("/assets", {"ids": [c]})
    stack = made(user, d, a)
    assert members(user, stack) == [d, a, b]
    user.post("/trash/restore")
    assert members(user, stack) == [d, a, b, c]


def test_lists(user: Caller, other: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    assert user.get("/stacks").json == []
    first, second = made(user, b, a), made(user, c, d)
    assert [(stack["id"], stack["primaryAssetId"], len(stack["assets"])) for stack in user.get("/stacks").json] == [
        (first, b, 2), (second, c, 2)]
    assert [stack["id"] for stack in user.get("/stacks", primaryAssetId=c).json] == [second]
    assert user.get("/stacks", primaryAssetId=d).json == other.get("/stacks").json == []
    assert other.get("/stacks", primaryAssetId=c).json == []


def test_another_primary(user: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    stack = made(user, a, b, c)
    assert user.put(f"/stacks/{stack}", {"primaryAssetId": b}).json["primaryAssetId"] == b
    assert members(user, stack) == [b, a, c]
    assert user.patch(f"/stacks/{stack}", {"primaryAssetId": c}).json["assets"][0]["id"] == c
    assert user.put(f"/stacks/{stack}", {}).json == user.get(f"/stacks/{stack}").json
    assert user.put(f"/stacks/{stack}", {"primaryAssetId": c}).status_code == 200
    user.delete("/assets", {"ids": [a]})
    for no_member in (d, a, UNKNOWN):
        assert refusal(user.put(f"/stacks/{stack}", {"primaryAssetId": no_member})) == (
            400, "Primary asset must be in the stack")
    assert members(user, stack) == [c, b]


def test_taking_one_out(user: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    stack = made(user, a, b, c)
    assert refusal(user.delete(f"/stacks/{stack}/assets/{a}")) == (400, "Cannot remove stack's primary asset")
    assert user.delete(f"/stacks/{stack}/assets/{b}").status_code == 204
    for no_member in (b, d, UNKNOWN):
        assert refusal(user.delete(f"/stacks/{stack}/assets/{no_member}")) == (400, "Asset not in stack")
    assert members(user, stack) == [a, c]
    assert user.delete(f"/stacks/{stack}/assets/{c}").status_code == 204
    assert members(user, stack) == [a]
    assert user.get(f"/assets/{a}").json["stack"] is None


def test_taking_apart(user: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    first, second = made(user, a, b), made(user, c, d)
    assert refusal(user.delete("/stacks", {"ids": [first, UNKNOWN]})) == (400, "Not found or no stack.delete access")
    assert members(user, first) == [a, b]
    assert user.delete("/stacks", {"ids": []}).status_code == 204
    assert user.delete("/stacks", {"ids": [first, second, first]}).status_code == 204
    assert user.get("/stacks").json == []
    assert [user.get(f"/assets/{asset}").json["stack"] for asset in photos] == [None] * 5
    assert refusal(user.delete(f"/stacks/{first}")) == (400, "Not found or no stack.delete access")
    third = made(user, a, b)
    assert user.delete(f"/stacks/{third}").status_code == 204
    assert members(user, third) is None


OPERATIONS = [
    ("GET", "/stacks", None, "stack.read"), ("GET", "/stacks/{id}", None, "stack.read"),
    ("PUT", "/stacks/{id}", {}, "stack.update"), ("PUT", "/stacks/{id}", {"primaryAssetId": "{b}"}, "stack.update"),
    ("DELETE", "/stacks/{id}/assets/{b}", None, "stack.update"), ("DELETE", "/stacks/{id}", None, "stack.delete"),
    ("DELETE", "/stacks", {"ids": ["{id}"]}, "stack.delete"),
    ("POST", "/stacks", {"assetIds": ["{a}", "{c}"]}, "stack.create"),
]


@pytest.mark.parametrize(("method", "path", "body", "permission"), OPERATIONS)
def test_callers_without_the_right(server: Server, user: Caller, other: Caller, photos: list[str], method: str,
                                   path: str, body: dict | None, permission: str) -> None:
    a, b, c, *_ = photos
    names = {"id": made(user, a, b), "a": a, "b": b, "c": c}
    path = path.format(**names)
    body = body and {key: value.format(**names) if isinstance(value, str) else [each.format(**names) for each in value]
                     for key, value in body.items()}
    other.post("/partners", {"sharedWithId": user.id})
    user.post("/partners", {"sharedWithId": other.id})
    assert server.nobody.open(method, path, body).status_code == 401
    assert refusal(user.api_key("asset.read").open(method, path, body)) == (
        403, f"Missing required permission: {permission}")
    if path != "/stacks" or body:
        wanted = "asset.update" if method == "POST" else permission
        for stranger in (other, server.admin):
            assert refusal(stranger.open(method, path, body)) == (400, f"Not found or no {wanted} access")
    assert members(user, names["id"]) == [a, b]
    assert user.api_key(permission).open(method, path, body).status_code < 300


@pytest.mark.parametrize(("method", "path", "body", "issues"), [
    ("POST", "/stacks", {}, [["assetIds"]]), ("POST", "/stacks", {"assetIds": [UNKNOWN]}, [["assetIds"]]),
    ("POST", "/stacks", {"assetIds": ["x", "y"]}, [["assetIds", 0], ["assetIds", 1]]),
    ("POST", "/stacks", {"assetIds": UNKNOWN}, [["assetIds"]]), ("DELETE", "/stacks", {}, [["ids"]]),
    ("DELETE", "/stacks", {"ids": ["x"]}, [["ids", 0]]), ("GET", "/stacks/x", None, [["id"]]),
    ("GET", "/stacks?primaryAssetId=x", None, [["primaryAssetId"]]),
    ("PUT", f"/stacks/{UNKNOWN}", {"primaryAssetId": None}, [["primaryAssetId"]]),
    ("DELETE", f"/stacks/{UNKNOWN}/assets/x", None, [["assetId"]]),
])
def test_bad_input(user: Caller, method: str, path: str, body: dict | None, issues: list) -> None:
    response = user.open(method, path, body)
    assert refusal(response) == (400, "Validation failed")
    assert [issue["path"] for issue in response.json["errors"]] == issues


def test_a_stack_is_made_of_different_assets_of_ones_own(user: Caller, other: Caller, photos: list[str]) -> None:
    a, b, *_ = photos
    assert refusal(user.post("/stacks", {"assetIds": [a, a]})) == (400, "A stack needs at least two different assets")
    user.put("/assets", {"ids": [b], "visibility": "locked"})
    for wrong in (other.asset(), UNKNOWN, b):
        assert refusal(user.post("/stacks", {"assetIds": [a, wrong]})) == (400, "Not found or no asset.update access")
    assert user.get("/stacks").json == []


def test_lists_cost_the_same_however_long(server: Server, user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            assert user.get("/stacks").status_code == 200
        return len(sql)

    with server.context():
        assets = [add_asset(user.id) for _ in range(40)]
    made(user, *assets[:2])
    one = cost()
    for at in range(2, 40, 2):
        made(user, *assets[at:at + 2])
    assert cost() == one
    assert len(user.get("/stacks").json) == 20


def test_ten_thousand_in_one_call(server: Server, user: Caller, queries: Callable) -> None:
    with server.context():
        assets = [add_asset(user.id) for _ in range(300)]
    unknown = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(9_700)]
    with queries() as two:
        first = made(user, *assets[:2])
    assert refusal(user.post("/stacks", {"assetIds": assets + unknown})) == (400, "Not found or no asset.update access")
    with queries() as many:
        stack = made(user, *assets)
    assert len(many) == len(two)
    assert members(user, first) is None and len(members(user, stack)) == 300
    assert user.delete("/stacks", {"ids": [stack, *unknown]}).status_code == 400
    assert user.delete("/stacks", {"ids": [stack] * 10_000}).status_code == 204


def test_switched_off_and_on_again(make_server: Callable[..., Server]) -> None:
    whole = make_server()
    user = whole.user()
    a, b, c = shots(user, 3)
    stack = made(user, a, b, c)
    user.server = again(whole, make_server, **{"plugins.disabled": ["stacks"]})
    assert user.get("/stacks").status_code == 404
    assert user.get(f"/assets/{a}").json["stack"] is None
    month = {"timeBucket": "2023-06-01", "withStacked": "true"}
    shown = user.get("/timeline/bucket", **month).json
    assert (shown["id"], shown["stack"]) == ([c, b, a], [None, None, None])
    assert len(user.post("/search/metadata", {"withStacked": False}).json["assets"]["items"]) == 3
    # The triggers go on: nothing is left behind that would be hidden afterwards.
    assert user.delete("/assets", {"ids": [a], "force": True}).status_code == 204
    user.server = whole
    assert members(user, stack) == [b, c]
    assert user.get("/timeline/bucket", **month).json["stack"] == [[stack, "2"]]
