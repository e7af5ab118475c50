"""Reading records: who may, what he is shown, and what a page of them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from immich_flask.contracts.auth import Auth, AuthSession, AuthUser
from immich_flask.core.assets.filters import plugin_conditions
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response, exif_instant
from immich_flask.core.assets.visible import reachable, select_assets, visible
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.db import many
from immich_flask.testing import Caller, Server
from tests.core.assets.lending.hooks import Lent

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
REFUSED = {"message": "Not found or no asset.read access"}
Link = Callable[..., Caller]


@contextmanager
def acting(server: Server, user: Caller, *, elevated: bool = False) -> Iterator[Auth]:
    with server.context():
        row = User.get_by_id(user.id)
        yield Auth(AuthUser(row.id, row.email, row.name, False, None, 0), session=AuthSession("x", elevated))


def test_an_asset_in_full(user: Caller, lent: Lent) -> None:
    asset_id = user.asset(isFavorite="true")
    tag = {"id": UNKNOWN, "name": "b", "value": "a/b", "createdAt": "2024-01-01T00:00:00.000Z",
           "updatedAt": "2024-01-01T00:00:00.000Z"}
    lent.tags[asset_id] = [tag]
    asset = user.get(f"/assets/{asset_id}").json
    assert asset["owner"] == {key: user.get("/users/me").json[key] for key in (
        "id", "email", "name", "profileImagePath", "avatarColor", "profileChangedAt")}
    assert (asset["tags"], asset["people"], asset["stack"]) == ([tag], [], None)
    assert {key: asset[key] for key in ("isFavorite", "isTrashed", "isOffline", "isEdited", "hasMetadata", "resized",
                                        "thumbhash", "width", "height", "libraryId", "duplicateId",
                                        "livePhotoVideoId", "visibility")} == {
        "isFavorite": True, "isTrashed": False, "isOffline": False, "isEdited": False, "hasMetadata": True,
        "resized": True, "thumbhash": None, "width": None, "height": None, "libraryId": None, "duplicateId": None,
        "livePhotoVideoId": None, "visibility": "timeline"}


def test_what_others_are_shown(user: Caller, other: Caller, link: Link, lent: Lent) -> None:
    asset_id = user.asset(isFavorite="true")
    lent.assets[other.id] = {asset_id}
    theirs = other.get(f"/assets/{asset_id}").json
    assert (theirs["isFavorite"], theirs["people"], theirs["owner"]["id"]) == (False, [], user.id)
    by_link = link(user, asset_id).get(f"/assets/{asset_id}").json
    assert (by_link["isFavorite"], by_link["people"], by_link.get("owner")) == (True, [], None)
    assert by_link["exifInfo"]["fileSizeInByte"]
    bare = link(user, asset_id, show_metadata=False).get(f"/assets/{asset_id}").json
    assert bare == {"id": asset_id, "type": "IMAGE", "originalMimeType": "image/jpeg", "thumbhash": None,
                    "localDateTime": "2023-06-15T10:00:00.000Z", "duration": None, "livePhotoVideoId": None,
                    "hasMetadata": False, "width": None, "height": None}


def test_who_may_read(user: Caller, other: Caller, server: Server, link: Link) -> None:
    asset_id, apart = user.asset(), user.asset()
    at = f"/assets/{asset_id}"
    assert user.api_key("asset.read").get(at).status_code == 200
    for caller in (other, server.admin, link(user, apart)):
        assert (caller.get(at).status_code, caller.get(at).json) == (400, REFUSED)
    assert server.nobody.get(at).status_code == 401
    assert user.api_key("asset.view").get(at).json == {"message": "Missing required permission: asset.read"}
    assert user.get(f"/assets/{UNKNOWN}").json == REFUSED
    for bad in ("abc", asset_id.upper(), "00000000-0000-1000-8000-000000000000"):
        assert user.get(f"/assets/{bad}").json["errors"][0]["path"] == ["id"]


@pytest.mark.parametrize(("state", "owner", "elevated", "borrower", "by_link"), [
    ("shown", True, True, True, True), ("archive", True, True, True, True), ("hidden", True, True, True, True),
    ("locked", False, True, False, False), ("trashed", True, True, False, False),
])
def test_states(user: Caller, other: Caller, link: Link, lent: Lent, state: str, owner: bool, elevated: bool,
                borrower: bool, by_link: bool) -> None:
    asset_id = user.asset()
    lent.assets[other.id] = {asset_id}
    if state == "trashed":
        user.delete("/assets", {"ids": [asset_id]})
    elif state != "shown":
        user.put("/assets", {"ids": [asset_id], "visibility": state})
    for caller, may in ((user, owner), (user.elevated(), elevated), (other, borrower), (link(user, asset_id), by_link),
                        (user.api_key("all"), owner)):
        for path in ("", "/metadata", "/original", "/thumbnail"):
            response = caller.open("GET", f"/assets/{asset_id}{path}", buffered=True)
            if path == "/metadata" and caller.headers.get("x-test-link"):
                assert response.status_code == 403
            elif path == "/original":
                assert response.status_code == (200 if may else 404)
            elif path == "/thumbnail":
                assert response.json["message"] == ("Asset media not found" if may else
                                                    "Not found or no asset.view access")
            else:
                assert response.status_code == (200 if may else 400)


@pytest.mark.parametrize("permission", ["asset.update", "asset.delete", "asset.copy", "asset.edit.create"])
def test_only_reading_can_be_granted(user: Caller, other: Caller, server: Server, lent: Lent, permission: str) -> None:
    asset_id = user.asset()
    lent.assets[other.id] = {asset_id}
    with acting(server, other) as auth:
        assert reachable(auth, [asset_id], "asset.read") == {asset_id}
        assert reachable(auth, [asset_id], permission) == set()


def test_what_is_locked_is_never_shared(user: Caller, server: Server, lent: Lent) -> None:
    asset_id = user.asset(visibility="locked")
    with acting(server, user, elevated=True) as auth:
        assert reachable(auth, [asset_id], "asset.read") == {asset_id}
        assert reachable(auth, [asset_id], "asset.share") == set()


@pytest.mark.parametrize("state", ["locked", "trashed"])
def test_the_moving_part_goes_with_its_still(user: Caller, other: Caller, link: Link, lent: Lent, state: str) -> None:
    film = user.asset(b"film" + user.id.encode(), "a.mov")
    still = user.asset(livePhotoVideoId=film)
    lent.assets[other.id] = {still}
    borrowers = (other, link(user, still), link(user, still, film))
    for caller in borrowers:
        assert caller.open("GET", f"/assets/{film}/video/playback", buffered=True).status_code == 200
    if state == "locked":
        user.put(f"/assets/{still}", {"visibility": "locked"})
        assert user.get(f"/assets/{film}").status_code == 400
        assert user.elevated().get(f"/assets/{film}").status_code == 200
    else:
        user.delete("/assets", {"ids": [still]})
        assert user.get(f"/assets/{film}").status_code == 200
    for caller in borrowers:
        assert caller.open("GET", f"/assets/{film}/video/playback", buffered=True).status_code == 404


def test_lists_withhold_the_moving_part_too(user: Caller, server: Server) -> None:
    film = user.asset(b"film" + user.id.encode(), "a.mov")
    still = user.asset(livePhotoVideoId=film)
    user.put(f"/assets/{still}", {"visibility": "locked"})
    for elevated, listed in ((False, set()), (True, {film, still})):
        with acting(server, user, elevated=elevated) as auth:
            conditions = plugin_conditions(auth, {}, permission="timeline.read")
            assert {row for row, in select_assets(Asset.id).where(*conditions).tuples()} == listed


def test_a_page_costs_the_same_whatever_its_length(user: Caller, server: Server, queries: Callable,
                                                    lent: Lent) -> None:
    ids = [user.asset() for _ in range(12)]
    with acting(server, user) as auth:
        def page(some: list[str]) -> list[dict]:
            rows = visible(auth, "asset.read", *ASSET_COLUMNS).where(Asset.id.in_(many(some))).tuples()
            return assets_response(auth, rows, exif=True, fields=("tags", "people", "stack"))

        with queries() as of_one:
            assert len(page(ids[:1])) == 1
        with queries() as of_many:
            answers = page(ids)
    assert len(of_one) == len(of_many) == 2
    assert lent.asked == 2
    assert {answer["id"] for answer in answers} == set(ids)
    assert all(answer["exifInfo"] and answer["tags"] == [] and answer["stack"] is None for answer in answers)
    with acting(server, user) as auth:
        assert assets_response(auth, [], exif=True, fields=("tags",)) == []


def test_instants_of_exif() -> None:
    assert exif_instant("2022-06-07T17:39:10.250Z") == "2022-06-07T17:39:10.25+00:00"
    assert exif_instant("2022-06-07T17:39:10.000Z") == "2022-06-07T17:39:10+00:00"
    assert exif_instant("2022-06-07T17:39:00.100Z") == "2022-06-07T17:39:00.1+00:00"
    assert exif_instant(None) is None


def test_a_rejected_picture_has_no_stars(user: Caller, server: Server) -> None:
    asset_id = user.asset()
    assert user.put(f"/assets/{asset_id}", {"rating": -1}).json["exifInfo"]["rating"] == -1
    assert user.get(f"/assets/{asset_id}").json["exifInfo"]["rating"] is None
    with server.context():
        assert AssetExif.get_by_id(asset_id).rating == -1


def test_statistics_are_the_callers_own(user: Caller, other: Caller) -> None:
    user.asset(isFavorite="true")
    user.asset(visibility="archive", isFavorite="true")
    user.asset(b"a film of " + user.id.encode(), "a.mp4")
    user.asset(visibility="hidden")
    user.delete("/assets", {"ids": [user.asset()]})
    other.asset()
    for query, counts in (({}, (2, 1, 3)), ({"isFavorite": "true"}, (2, 0, 2)), ({"isFavorite": "false"}, (0, 1, 1)),
                          ({"visibility": "archive"}, (1, 0, 1)), ({"visibility": "hidden"}, (1, 0, 1)),
                          ({"isTrashed": "true"}, (1, 0, 1)), ({"isTrashed": "false"}, (2, 1, 3))):
        answer = user.get("/assets/statistics", **query).json
        assert (answer["images"], answer["videos"], answer["total"]) == counts, query
    assert user.get("/assets/statistics", visibility="locked").status_code == 401
    assert user.elevated().get("/assets/statistics", visibility="locked").json["total"] == 0
    assert user.get("/assets/statistics", isFavorite="1").status_code == 400
