"""Showing the timeline to a partner, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server


@pytest.fixture
def shared(user: Caller, other: Caller) -> None:
    assert user.post("/partners", {"sharedWithId": other.id}).status_code == 201


def months(caller: Caller, **query: str) -> list | tuple[int, str]:
    response = caller.get("/timeline/buckets", **query)
    return response.json if response.status_code == 200 else (response.status_code, response.json["message"])


def test_both_sides_see_the_partnership(user: Caller, other: Caller, shared: None) -> None:
    by = user.get("/partners", direction="shared-by").json
    assert [(item["id"], item["inTimeline"]) for item in by] == [(other.id, False)]
    assert [item["id"] for item in other.get("/partners", direction="shared-with").json] == [user.id]
    assert user.get("/partners", direction="shared-with").json == []


def test_nobody_is_a_partner_twice_nor_of_oneself(user: Caller, other: Caller, shared: None) -> None:
    for partner, said in ((other.id, "Partner already exists"), (user.id, "Cannot share with yourself"),
                          ("6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b", "User not found")):
        for response in (user.post("/partners", {"sharedWithId": partner}), user.post(f"/partners/{partner}")):
            assert (response.status_code, response.json["message"]) == (400, said)


def test_only_the_recipient_shows_and_only_the_sharer_ends(user: Caller, other: Caller, shared: None) -> None:
    refused = user.put(f"/partners/{other.id}", {"inTimeline": True})
    assert (refused.status_code, refused.json["message"]) == (400, "Not found or no partner.update access")
    assert other.put(f"/partners/{user.id}", {"inTimeline": True}).json["inTimeline"] is True
    assert other.delete(f"/partners/{user.id}").json == {"message": "Partner not found"}
    assert user.delete(f"/partners/{other.id}").status_code == 204
    assert other.get("/partners", direction="shared-with").json == []


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/partners?direction=shared-by", "partner.read"), ("POST", "/partners", "partner.create"),
    ("PUT", "/partners/{id}", "partner.update"), ("DELETE", "/partners/{id}", "partner.delete"),
])
def test_callers_without_the_right(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    path = path.format(id=user.id)
    assert server.nobody.open(method, path).status_code == 401
    refused = user.api_key("asset.read").open(method, path)
    assert (refused.status_code, refused.json["message"]) == (403, f"Missing required permission: {permission}")


def test_the_list_costs_the_same_however_long(server: Server, user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            assert user.get("/partners", direction="shared-by").status_code == 200
        return len(sql)

    user.post("/partners", {"sharedWithId": server.user().id})
    one = cost()
    for _ in range(5):
        user.post("/partners", {"sharedWithId": server.user().id})
    assert cost() == one
    assert len(user.get("/partners", direction="shared-by").json) == 6


def test_the_timeline_of_a_partner(user: Caller, other: Caller, shared: None) -> None:
    user.asset(fileCreatedAt="2023-06-15T10:00:00.000Z", isFavorite="true")
    user.asset(fileCreatedAt="2023-05-15T10:00:00.000Z", visibility="archive")
    trashed = user.asset(fileCreatedAt="2023-04-15T10:00:00.000Z")
    user.delete("/assets", {"ids": [trashed]})
    june = [{"timeBucket": "2023-06-01", "count": 1}]
    mixed = {"visibility": "timeline", "withPartners": "true"}
    assert months(other, userId=user.id) == june
    assert months(other, userId=user.id, isTrashed="true") == []
    assert months(other, userId=user.id, visibility="archive") == (400, "Not found or no archive.read access")
    assert months(other, **mixed) == []
    other.put(f"/partners/{user.id}", {"inTimeline": True})
    assert months(other, **mixed) == june
    assert months(other, visibility="timeline") == []
    month = other.get("/timeline/bucket", timeBucket="2023-06-01", **mixed).json
    assert (month["ownerId"], month["isFavorite"]) == ([user.id], [False])
    user.delete(f"/partners/{other.id}")
    assert months(other, **mixed) == []
    assert months(other, userId=user.id) == (400, "Not found or no timeline.read access")


def test_a_partner_sees_what_is_in_the_timeline_and_nothing_else(user: Caller, other: Caller, shared: None) -> None:
    shown, archived, trashed, locked = (user.asset() for _ in range(4))
    user.put("/assets", {"ids": [archived], "visibility": "archive"})
    user.put("/assets", {"ids": [locked], "visibility": "locked"})
    user.delete("/assets", {"ids": [trashed]})
    assert other.get(f"/assets/{shown}").status_code == 200
    assert other.put(f"/assets/{shown}", {"description": "mine now"}).status_code == 400
    for hidden in (archived, trashed, locked):
        assert other.get(f"/assets/{hidden}").json == {"message": "Not found or no asset.read access"}
        assert other.elevated().get(f"/assets/{hidden}").status_code == 400
        assert other.get(f"/assets/{hidden}/original").status_code == 404


def test_a_deleted_sharer_takes_the_assets_along(server: Server, user: Caller, other: Caller, shared: None) -> None:
    asset = user.asset()
    assert server.admin.delete(f"/admin/users/{user.id}", {}).status_code == 200
    assert other.get(f"/assets/{asset}").status_code == 400
    assert other.get("/partners", direction="shared-with").json == []
