"""Making, showing, recolouring and removing tags, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from plugins.tags.models import Tag, TagClosure

UNKNOWN = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def make(caller: Caller, *paths: str) -> dict[str, str]:
    """`{path: id}` of these tags and of all others of the caller."""
    response = caller.put("/tags", {"tags": list(paths)})
    assert response.status_code == 200, response.text
    return {tag["value"]: tag["id"] for tag in caller.get("/tags").json}


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_a_tag_is_named_by_its_path(user: Caller) -> None:
    places = user.post("/tags", {"name": "places"})
    assert places.status_code == 201
    assert (places.json["name"], places.json["value"]) == ("places", "places")
    assert not {"parentId", "color"} & places.json.keys()
    lake = user.post("/tags", {"name": "lake", "parentId": places.json["id"], "color": "AbC"}).json
    assert (lake["name"], lake["value"], lake["parentId"], lake["color"]) == (
        "lake", "places/lake", places.json["id"], "#AbC")
    assert [tag["value"] for tag in user.get("/tags").json] == ["places", "places/lake"]
    assert user.get(f"/tags/{lake['id']}").json == lake


def test_a_path_is_there_once_for_each_user(user: Caller, other: Caller) -> None:
    tags = make(user, "places/lake")
    for body in ({"name": "places"}, {"name": "lake", "parentId": tags["places"]}, {"name": "places/lake"}):
        assert refusal(user.post("/tags", body)) == (400, "A tag with that name already exists")
    assert user.post("/tags", {"name": "Places"}).status_code == 201
    assert other.post("/tags", {"name": "places"}).status_code == 201
    for parent in (tags["places"], UNKNOWN):
        assert refusal(other.post("/tags", {"name": "x", "parentId": parent})) == (
            400, "Not found or no tag.read access")


def test_tags_are_listed_as_in_a_dictionary(user: Caller) -> None:
    paths = ["état", "Places", "key", "places-of-old", "Zoo", "places"]
    assert list(make(user, *paths)) == ["état", "key", "places", "Places", "places-of-old", "Zoo"]


def test_paths_make_what_is_missing(user: Caller) -> None:
    def upsert(*paths: str) -> list[str]:
        return [tag["value"] for tag in user.put("/tags", {"tags": list(paths)}).json]

    assert upsert("a/b/c") == ["a/b/c"]
    before = {tag["value"]: tag for tag in user.get("/tags").json}
    assert upsert("a/b", "a/d", "e", "e") == ["a/b", "a/d", "e"]
    assert upsert("/f//g/", "//", "") == ["f/g"]
    after = {tag["value"]: tag for tag in user.get("/tags").json}
    assert list(after) == ["a", "a/b", "a/b/c", "a/d", "e", "f", "f/g"]
    assert {value: after[value] for value in before} == before
    for value, tag in after.items():
        above = value.rpartition("/")[0]
        assert tag.get("parentId") == (after[above]["id"] if above else None)


def closure(server: Server, caller: Caller) -> set[tuple[str, str]]:
    with server.context():
        values = dict(Tag.select(Tag.id, Tag.value).where(Tag.user == caller.id).tuples())
        return {(values[above], values[below]) for above, below in TagClosure.select(
            TagClosure.ancestor, TagClosure.descendant).where(TagClosure.ancestor.in_(list(values))).tuples()}


def test_what_lies_below_what(server: Server, user: Caller) -> None:
    make(user, "a/b/c", "a/d")
    expected = {("a", "a"), ("a", "a/b"), ("a", "a/b/c"), ("a", "a/d"), ("a/b", "a/b"), ("a/b", "a/b/c"),
                ("a/b/c", "a/b/c"), ("a/d", "a/d")}
    assert closure(server, user) == expected


def test_a_name_of_several_levels_gets_its_place_when_those_are_made(server: Server, user: Caller) -> None:
    loose = user.post("/tags", {"name": "x/y"}).json
    below = user.post("/tags", {"name": "z/w", "parentId": loose["id"]}).json
    assert "parentId" not in loose and below["value"] == "x/y/z/w"
    assert closure(server, user) == {("x/y", "x/y"), ("x/y", "x/y/z/w"), ("x/y/z/w", "x/y/z/w")}
    tags = make(user, "x/y/z/w")
    assert user.get(f"/tags/{loose['id']}").json["parentId"] == tags["x"]
    assert user.get(f"/tags/{below['id']}").json["parentId"] == tags["x/y/z"]
    names = ["x", "x/y", "x/y/z", "x/y/z/w"]
    assert closure(server, user) == {(above, value) for at, value in enumerate(names) for above in names[:at + 1]}


def test_the_colour_can_be_changed_and_the_name_cannot(user: Caller) -> None:
    tag = user.get(f"/tags/{make(user, 'a/b')['a/b']}").json
    path = f"/tags/{tag['id']}"
    blue = user.put(path, {"color": "0000ff", "name": "z"}).json
    assert (blue["value"], blue["color"]) == ("a/b", "#0000ff")
    assert blue["updatedAt"] >= tag["updatedAt"]
    assert user.patch(path, {}).json == blue
    assert "color" not in user.patch(path, {"color": None}).json


def test_removing_takes_all_that_lies_below(user: Caller) -> None:
    tags = make(user, "a/b/c", "ab", "d")
    assert user.delete(f"/tags/{tags['a']}").status_code == 204
    assert [tag["value"] for tag in user.get("/tags").json] == ["ab", "d"]
    assert refusal(user.get(f"/tags/{tags['a/b/c']}")) == (400, "Not found or no tag.read access")
    assert refusal(user.delete(f"/tags/{tags['a']}")) == (400, "Not found or no tag.delete access")


OPERATIONS = [
    ("GET", "/tags", None, "tag.read"), ("POST", "/tags", {"name": "x"}, "tag.create"),
    ("PUT", "/tags", {"tags": ["x"]}, "tag.create"), ("GET", "/tags/{id}", None, "tag.read"),
    ("PUT", "/tags/{id}", {"color": "#000000"}, "tag.update"), ("DELETE", "/tags/{id}", None, "tag.delete"),
    ("PUT", "/tags/{id}/assets", {"ids": []}, "tag.asset"), ("DELETE", "/tags/{id}/assets", {"ids": []}, "tag.asset"),
    ("PUT", "/tags/assets", {"tagIds": [], "assetIds": []}, "tag.asset"),
]


@pytest.mark.parametrize(("method", "path", "body", "permission"), OPERATIONS)
def test_callers_without_the_right(server: Server, user: Caller, other: Caller, method: str, path: str,
                                   body: dict | None, permission: str) -> None:
    tag = make(user, "mine")["mine"]
    path = path.format(id=tag)
    assert server.nobody.open(method, path, body).status_code == 401
    assert refusal(user.api_key("asset.read").open(method, path, body)) == (
        403, f"Missing required permission: {permission}")
    if tag in path:
        for stranger in (other, server.admin):
            assert refusal(stranger.open(method, path, body)) == (400, f"Not found or no {permission} access")
    assert [each["value"] for each in user.get("/tags").json] == ["mine"]
    assert "color" not in user.get(f"/tags/{tag}").json
    assert user.api_key(permission).open(method, path, body).status_code < 300


@pytest.mark.parametrize(("method", "path", "body", "issue"), [
    ("POST", "/tags", {}, ["name"]), ("POST", "/tags", {"name": None}, ["name"]),
    ("POST", "/tags", {"name": 1}, ["name"]),
    ("POST", "/tags", {"name": "x", "parentId": "y"}, ["parentId"]),
    ("POST", "/tags", {"name": "x", "color": "green"}, ["color"]),
    ("POST", "/tags", {"name": "x", "color": "#12345"}, ["color"]), ("POST", "/tags", {"name": "a\0b"}, ["name"]),
    ("PUT", "/tags", {}, ["tags"]), ("PUT", "/tags", {"tags": [1]}, ["tags", 0]), ("GET", "/tags/x", None, ["id"]),
])
def test_bad_input(user: Caller, method: str, path: str, body: dict | None, issue: list) -> None:
    response = user.open(method, path, body)
    assert refusal(response) == (400, "Validation failed")
    assert [each["path"] for each in response.json["errors"]] == [issue]
    assert user.get("/tags").json == []


def test_paths_have_limits(user: Caller) -> None:
    parent = make(user, "x" * 400)["x" * 400]
    too_far = "A tag has at most 500 characters and 30 levels"
    for response in (user.post("/tags", {"name": "ä" * 501}),
                     user.post("/tags", {"name": "y" * 100, "parentId": parent}),
                     user.put("/tags", {"tags": ["a", "/".join("b" * 31)]})):
        assert refusal(response) == (400, too_far)
    many = user.put("/tags", {"tags": [f"t{number}" for number in range(10_001)]})
    assert refusal(many) == (400, "At most 10000 tags at once")
    assert len(user.get("/tags").json) == 1
    assert user.post("/tags", {"name": "💙" * 500}).status_code == 201


def test_many_at_once_cost_no_more_than_one(user: Caller, queries: Callable) -> None:
    def cost(*paths: str) -> int:
        with queries() as sql:
            assert user.put("/tags", {"tags": list(paths)}).status_code == 200
        return len(sql)

    # New rows are written by 500.
    assert cost("a/b", "c") == cost(*(f"d/{number}/e" for number in range(40)))
    with queries() as few:
        user.get("/tags")
    make(user, *(f"more/{number}" for number in range(100)))
    with queries() as many:
        user.get("/tags")
    assert len(few) == len(many)
    assert len(user.put("/tags", {"tags": [f"bulk/{number}" for number in range(9_000)]}).json) == 9_000


def test_preferences_have_a_section(make_server: Callable[..., Server], user: Caller) -> None:
    assert user.put("/users/me/preferences", {"tags": {"enabled": True}}).json["tags"] == {
        "enabled": True, "sidebarWeb": False}
    without = make_server(**{"plugins.disabled": ["tags"]}).user()
    assert without.get("/users/me/preferences").json["tags"] == {"enabled": False, "sidebarWeb": False}
