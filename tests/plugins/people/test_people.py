"""People: making, changing, listing, merging and deleting them, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from plugins.people.models import Person
from tests.plugins.people.conftest import NONE, drawn, faces, listed, made, refusal


@pytest.fixture
def photos(user: Caller) -> list[str]:
    return [user.asset() for _ in range(3)]


def test_all_that_can_be_said_of_somebody(user: Caller) -> None:
    eve = made(user, "Eve", birthDate="1990-12-31", isHidden=False, isFavorite=True, color="FF00AA")
    answer = user.get(f"/people/{eve}").json
    assert answer.pop("updatedAt")
    assert answer == {"id": eve, "name": "Eve", "birthDate": "1990-12-31", "thumbnailPath": "", "isHidden": False,
                      "isFavorite": True, "color": "#FF00AA"}
    changed = user.patch(f"/people/{eve}", {"name": "Eva", "birthDate": None, "color": None, "isHidden": True}).json
    assert (changed["name"], changed["birthDate"], changed["isHidden"], changed["isFavorite"]) == (
        "Eva", None, True, True)
    assert "color" not in changed
    assert user.put(f"/people/{eve}", {}).json["name"] == "Eva"
    for bad in ({"birthDate": "2999-01-01"}, {"birthDate": "yesterday"}, {"color": "red"}, {"name": None},
                {"isHidden": "yes"}, {"featureFaceAssetId": "x"}):
        assert refusal(user.put(f"/people/{eve}", bad)) == (400, "Validation failed")
    assert user.get(f"/people/{eve}").json == changed


def test_nobody_else_knows_them(server: Server, user: Caller, other: Caller, photos: list[str]) -> None:
    user.post("/partners", {"sharedWithId": other.id})
    eve = made(user)
    face = drawn(user, photos[0], eve)
    calls = [("GET", f"/people/{eve}", None, "person.read"), ("PUT", f"/people/{eve}", {"name": "x"}, "person.update"),
             ("DELETE", f"/people/{eve}", None, "person.delete"),
             ("DELETE", "/people", {"ids": [eve]}, "person.delete"),
             ("GET", f"/people/{eve}/statistics", None, "person.read"),
             ("POST", f"/people/{eve}/merge", {"ids": []}, "person.update"),
             ("PUT", f"/people/{eve}/reassign", {"data": []}, "person.update"),
             ("PUT", f"/faces/{eve}", {"id": face}, "person.update"),
             ("DELETE", f"/faces/{face}", {"force": True}, "face.delete")]
    for stranger in (other, server.admin):
        for method, path, body, permission in calls:
            assert refusal(stranger.open(method, path, body)) == (400, f"Not found or no {permission} access"), path
        assert stranger.get(f"/people/{eve}/thumbnail").status_code == 404
        assert listed(stranger) == []
    theirs = made(other, "Max")
    assert other.put("/people", {"people": [{"id": eve, "name": "x"}, {"id": theirs, "name": "Moritz"}]}).json == [
        {"id": eve, "success": False, "error": "unknown"}, {"id": theirs, "success": True}]
    assert other.post(f"/people/{theirs}/merge", {"ids": [eve]}).json == [
        {"id": eve, "success": False, "error": "no_permission"}]
    assert refusal(other.put(f"/faces/{theirs}", {"id": face})) == (400, "Not found or no person.create access")
    assert refusal(other.put(f"/people/{theirs}/reassign", {"data": [{"personId": eve, "assetId": photos[0]}]})) == (
        400, "Not found or no person.create access")
    # Who sees a picture sees where faces are, not whose.
    assert [seen["person"] for seen in faces(other, photos[0])] == [None]
    assert other.get(f"/assets/{photos[0]}").json["people"] == []
    assert user.get(f"/people/{eve}").json["name"] == "Eve"


def test_links_know_no_people(server: Server, user: Caller, photos: list[str]) -> None:
    eve = made(user)
    drawn(user, photos[0], eve)
    album = user.post("/albums", {"albumName": "a", "assetIds": photos}).json["id"]
    link = user.post("/shared-links", {"type": "ALBUM", "albumId": album}).json
    guest = Caller(server, {}, query={"key": link["key"]})
    assert guest.get(f"/assets/{photos[0]}").json.get("people", []) == []
    assert guest.get("/timeline/buckets", albumId=album, personId=eve).json == []
    assert guest.get(f"/people/{eve}").status_code == guest.get("/faces", id=photos[0]).status_code == 403
    found = guest.post("/search/metadata", {"albumIds": [album], "withPeople": True}).json["assets"]["items"]
    assert [asset["people"] for asset in found] == [[], [], []]


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/people", "person.read"), ("POST", "/people", "person.create"), ("PUT", "/people", "person.update"),
    ("DELETE", "/people", "person.delete"), ("GET", "/people/{id}", "person.read"),
    ("PUT", "/people/{id}", "person.update"), ("DELETE", "/people/{id}", "person.delete"),
    ("GET", "/people/{id}/statistics", "person.statistics"), ("GET", "/people/{id}/thumbnail", "person.read"),
    ("POST", "/people/{id}/merge", "person.merge"), ("PUT", "/people/{id}/reassign", "person.reassign"),
    ("GET", "/faces", "face.read"), ("POST", "/faces", "face.create"), ("PUT", "/faces/{id}", "face.update"),
    ("DELETE", "/faces/{id}", "face.delete"), ("GET", "/search/person", "person.read"),
])
def test_callers_without_the_right(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    path = path.format(id=NONE)
    assert refusal(server.nobody.open(method, path, {} if method != "GET" else None)) == (
        401, "Authentication required")
    assert refusal(user.api_key("asset.read").open(method, path)) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).open(method, path).status_code != 403


def test_who_is_listed_and_in_which_order(user: Caller, photos: list[str]) -> None:
    eve, max_, zoe, sam, unnamed = (made(user, "Eve"), made(user, "Max"), made(user, "Zoe", isFavorite=True),
                                    made(user, "Sam", isHidden=True), made(user, ""))
    made(user, "Without a face")
    for who, count, x in ((eve, 1, 1), (max_, 3, 2), (zoe, 1, 3), (sam, 2, 4), (unnamed, 2, 5)):
        for photo in photos[:count]:
            drawn(user, photo, who, x)
    assert listed(user) == [zoe, max_, eve]
    answer = user.get("/people", withHidden="true").json
    assert [person["id"] for person in answer["people"]] == [zoe, max_, eve, sam]
    assert (answer["total"], answer["hidden"], answer["hasNextPage"]) == (5, 1, False)
    pages = [user.get("/people", size="2", page=str(page)).json for page in (1, 2, 3)]
    assert [[person["id"] for person in page["people"]] for page in pages] == [[zoe, max_], [eve], []]
    assert [page["hasNextPage"] for page in pages] == [True, False, False]
    last = drawn(user, photos[2], unnamed, 5)
    assert listed(user) == [zoe, max_, eve, unnamed]
    user.put("/users/me/preferences", {"people": {"minimumFaces": 4}})
    assert listed(user) == [zoe, max_, eve]
    user.put("/users/me/preferences", {"people": {"minimumFaces": 1}})
    assert listed(user) == [zoe, max_, unnamed, eve][:2] + [eve, unnamed]
    assert user.delete(f"/faces/{last}", {"force": False}).status_code == 204
    # Neither the trash nor the archive makes anybody worth showing.
    user.delete("/assets", {"ids": photos[:1]})
    user.put("/assets", {"ids": photos[1:2], "visibility": "archive"})
    assert user.get(f"/people/{max_}/statistics").json == {"assets": 1}
    answer = user.get("/people", withHidden="true").json
    assert ([person["id"] for person in answer["people"]], answer["total"], answer["hidden"]) == ([max_], 1, 0)


def test_alike_faces_are_not_known_but_somebody_there_must_be(user: Caller, other: Caller, photos: list[str]) -> None:
    eve, faceless, theirs = made(user), made(user), made(other)
    drawn(user, photos[0], eve)
    drawn(other, other.asset(), theirs)
    assert listed(user, closestPersonId=eve) == listed(user, closestAssetId=photos[0]) == [eve]
    for unknown in (faceless, theirs, NONE):
        assert refusal(user.get("/people", closestPersonId=unknown)) == (404, "Person not found")


def test_a_page_costs_as_many_queries_as_one(user: Caller, photos: list[str], queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            user.get("/people", withHidden="true")
            user.post("/search/metadata", {"withPeople": True})
            user.get("/search/person", name="Eve")
            user.get("/faces", id=photos[0])
        return len(sql)

    cost()
    # What has been asked before is remembered until somebody writes.
    drawn(user, photos[0], made(user))
    once = cost()
    for x in range(1, 8):
        for photo in photos:
            drawn(user, photo, made(user, f"Eve {x}"), x)
    assert cost() == once


def test_changing_and_merging_many_costs_no_more(user: Caller, photos: list[str], queries: Callable) -> None:
    people = [made(user, f"P{number}") for number in range(12)]
    for person in people:
        drawn(user, photos[0], person)
    target = made(user, "")

    def cost(some: list[str]) -> tuple[int, int]:
        with queries() as changing:
            user.put("/people", {"people": [{"id": person, "name": "x", "featureFaceAssetId": photos[0]}
                                            for person in some]})
        with queries() as merging:
            user.post(f"/people/{target}/merge", {"ids": some})
        return len([sql for sql in changing if "job" not in sql]), len([sql for sql in merging if "job" not in sql])

    first = cost(people[:2])
    more = cost(people[2:])
    # Jobs are run on the spot here; what each of them asks is not the call's.
    assert more[1] <= first[1] + 2
    assert user.get(f"/people/{target}/statistics").json == {"assets": 1}
    assert len(faces(user, photos[0])) == 12


def test_changing_several(user: Caller, photos: list[str]) -> None:
    eve, max_ = made(user, "Eve"), made(user, "Max", birthDate="2000-02-29")
    drawn(user, photos[0], eve)
    result = user.put("/people", {"people": [
        {"id": eve, "name": "Eva", "color": "#abc", "featureFaceAssetId": photos[0]},
        {"id": max_, "birthDate": None, "isFavorite": True},
        {"id": max_, "featureFaceAssetId": photos[0]}, {"id": NONE, "name": "x"}, {"id": eve, "isHidden": True}]}).json
    assert [(item["id"], item["success"]) for item in result] == [
        (eve, True), (max_, True), (max_, False), (NONE, False), (eve, True)]
    eva, moritz = (user.get(f"/people/{person}").json for person in (eve, max_))
    assert (eva["name"], eva["color"], eva["isHidden"]) == ("Eva", "#abc", True)
    assert (moritz["birthDate"], moritz["isFavorite"]) == (None, True)
    assert user.put("/people", {"people": []}).json == []


def test_merging(user: Caller, photos: list[str]) -> None:
    one, two, three = made(user, ""), made(user, "Eve", birthDate="1991-01-01"), made(user, "Max", color="#fff")
    for person, photo in ((two, photos[0]), (three, photos[0]), (three, photos[1])):
        drawn(user, photo, person, 5)
    assert refusal(user.post(f"/people/{one}/merge", {"ids": [two, one]})) == (
        400, "Cannot merge a person into themselves")
    assert user.post(f"/people/{one}/merge", {"ids": [two, NONE, three, two]}).json == [
        {"id": two, "success": True}, {"id": NONE, "success": False, "error": "no_permission"},
        {"id": three, "success": True}, {"id": two, "success": False, "error": "not_found"}]
    merged = user.get(f"/people/{one}").json
    assert (merged["name"], merged["birthDate"]) == ("Eve", "1991-01-01")
    # Of the faces that came one stands for the person now.
    assert user.get(f"/people/{one}/thumbnail").status_code == 200
    assert refusal(user.get(f"/people/{two}")) == (400, "Not found or no person.read access")
    assert {face["person"]["id"] for photo in photos for face in faces(user, photo)} == {one}
    assert user.get(f"/people/{one}/statistics").json == {"assets": 2}


def test_deleting(user: Caller, photos: list[str]) -> None:
    eve, max_, zoe = made(user), made(user), made(user)
    drawn(user, photos[0], eve)
    assert user.delete(f"/people/{eve}").status_code == 204
    assert refusal(user.delete(f"/people/{eve}")) == (400, "Not found or no person.delete access")
    assert [face["person"] for face in faces(user, photos[0])] == [None]
    assert user.delete("/people", {"ids": [max_, NONE]}).status_code == 400
    assert user.get(f"/people/{max_}").status_code == 200
    assert user.delete("/people", {"ids": [max_, zoe]}).status_code == 204
    assert user.delete("/people", {"ids": []}).status_code == 204
    assert user.get(f"/people/{zoe}").status_code == 400


def test_filters(user: Caller, other: Caller, photos: list[str]) -> None:
    eve, max_ = made(user), made(user, "Max")
    drawn(user, photos[0], eve)
    both = photos[1]
    drawn(user, both, eve, 1)
    aside = drawn(user, both, max_, 30)

    def found(caller: Caller, *people: str) -> set[str]:
        items = caller.post("/search/metadata", {"personIds": list(people)}).json["assets"]["items"]
        return {asset["id"] for asset in items}

    assert found(user, eve) == {photos[0], both}
    assert found(user, eve, max_) == {both}
    assert found(user, eve, eve) == found(user, NONE) == found(other, eve) == set()
    assert found(user) == set(photos)
    assert user.post("/search/statistics", {"personIds": [eve]}).json == {"total": 2}
    assert [month["count"] for month in user.get("/timeline/buckets", personId=eve).json] == [2]
    assert user.get("/timeline/bucket", timeBucket="2023-06-01", personId=max_).json["id"] == [both]
    assert other.get("/timeline/buckets", personId=eve).json == []
    user.delete(f"/faces/{aside}", {"force": False})
    assert found(user, max_) == set()
    user.put(f"/assets/{both}", {"visibility": "locked"})
    assert found(user, eve) == {photos[0]}


def test_finding_by_name(user: Caller, other: Caller) -> None:
    adams, evelyn, max_, hidden = (made(user, "Eve Adams"), made(user, "Evelyn"), made(user, "Máx Müller"),
                                   made(user, "Eve Hidden", isHidden=True))
    made(other, "Eve")

    def named(name: str, **query: str) -> list[str]:
        return [person["id"] for person in user.get("/search/person", name=name, **query).json]

    assert named("max") == named("MUELLER MAX".replace("UE", "U")) == named("müler") == [max_]
    assert named("Eve Adams") == [adams]
    assert named("eve")[0] == adams
    assert set(named("eve")) == {adams, evelyn}
    assert named("Eve Hidden", withHidden="true")[0] == hidden
    assert named("Zoltan") == named("...") == []


def test_people_in_answers(user: Caller, photos: list[str]) -> None:
    eve, max_ = made(user), made(user, "Max")
    drawn(user, photos[0], max_, 30)
    drawn(user, photos[0], eve, 5)
    drawn(user, photos[0], eve, 40)
    assert [person["id"] for person in user.get(f"/assets/{photos[0]}").json["people"]] == [eve, max_]
    found = user.post("/search/metadata", {"withPeople": True, "id": photos[0]}).json["assets"]["items"]
    assert [person["name"] for person in found[0]["people"]] == ["Eve", "Max"]


def test_memories_leave_out_whom_one_does_not_want_to_see(user: Caller, photos: list[str]) -> None:
    memory = user.post("/memories", {"type": "on_this_day", "data": {"year": 2020}, "assetIds": photos,
                                     "memoryAt": "2020-06-15T00:00:00.000Z"}).json["id"]
    eve = made(user)
    drawn(user, photos[0], eve)

    def seen() -> list[set[str]]:
        return [{asset["id"] for asset in memory["assets"]} for memory in user.get("/memories").json]

    assert seen() == [set(photos)]
    user.put(f"/people/{eve}", {"isHidden": True})
    assert seen() == [set(photos[1:])]
    assert len(user.get(f"/memories/{memory}").json["assets"]) == 3
    for photo in photos[1:]:
        drawn(user, photo, eve)
    assert seen() == []


def test_people_go_with_their_owner(server: Server, user: Caller, photos: list[str]) -> None:
    eve = made(user)
    drawn(user, photos[0], eve)
    folder = f"people/{user.id}/"
    with server.context():
        assert [found.key for found in server.runtime.storage.list(folder)] == [
            user.get(f"/people/{eve}").json["thumbnailPath"]]
    assert server.admin.delete(f"/admin/users/{user.id}", {"force": True}).status_code == 200
    with server.context():
        assert not Person.select().where(Person.id == eve).exists()
        assert list(server.runtime.storage.list(folder)) == []
