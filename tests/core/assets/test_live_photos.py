"""Live photos: a still and its film."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.contracts import events
from immich_flask.core.assets.keys import motion_key
from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server
from tests.core.assets.lending.hooks import Lent

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"


@pytest.fixture
def film(user: Caller) -> str:
    return user.asset(b"film of " + user.id.encode(), "IMG_1.mov")


def visibility(user: Caller, asset_id: str) -> str:
    return user.elevated().get(f"/assets/{asset_id}").json["visibility"]


def test_by_upload(user: Caller, film: str, lent: Lent) -> None:
    lent.heard.clear()
    still = user.asset(livePhotoVideoId=film)
    assert user.get(f"/assets/{still}").json["livePhotoVideoId"] == film
    assert visibility(user, film) == "hidden"
    assert lent.heard == [events.AssetHidden(film, user.id), events.AssetCreated(still, user.id)]
    assert user.get("/assets/statistics").json == {"images": 1, "videos": 0, "total": 1}
    lent.heard.clear()
    user.asset(livePhotoVideoId=film)
    assert [type(event) for event in lent.heard] == [events.AssetCreated]


def test_what_is_no_film_of_mine(user: Caller, other: Caller, film: str, link: Callable[..., Caller],
                                 stored: Callable) -> None:
    picture = user.asset()
    before = len(stored(user))
    for caller, video, message in (
            (user, UNKNOWN, "Live photo video not found"), (user, picture, "Live photo video must be a video"),
            (other, film, "Live photo video does not belong to the user"),
            (link(user, picture, allow_upload=True), film, "Live photo video not found")):
        response = caller.upload(livePhotoVideoId=video)
        assert (response.status_code, response.json) == (400, {"message": message})
        if caller is user:
            assert user.put(f"/assets/{picture}", {"livePhotoVideoId": video}).json == {"message": message}
    assert (len(stored(user)), stored(other)) == (before, set())
    assert visibility(user, film) == "timeline"
    assert link(user, film, allow_upload=True).upload(livePhotoVideoId=film).status_code == 201


def test_by_change_and_back(user: Caller, film: str, lent: Lent) -> None:
    still = user.asset()
    lent.heard.clear()
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": film}).json["livePhotoVideoId"] == film
    assert visibility(user, film) == "hidden"
    user.put(f"/assets/{still}", {"visibility": "archive"})
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": None}).json["livePhotoVideoId"] is None
    assert visibility(user, film) == "archive"
    assert events.AssetsUpdated((film,), user.id, frozenset({"visibility"})) in lent.heard
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": None}).status_code == 200


def test_another_film_instead(user: Caller, film: str) -> None:
    still, second = user.asset(livePhotoVideoId=film), user.asset(b"second " + user.id.encode(), "b.mov")
    user.put(f"/assets/{still}", {"livePhotoVideoId": second})
    assert (visibility(user, film), visibility(user, second)) == ("timeline", "hidden")
    assert user.put(f"/assets/{second}", {"livePhotoVideoId": second}).json == {
        "message": "Live photo video must be another asset"}


def test_what_was_cut_out_of_the_still_stays(user: Caller, server: Server, film: str) -> None:
    still = user.asset(livePhotoVideoId=film)
    with server.context():
        Asset.update(storage_key=motion_key(user.id, film)).where(Asset.id == film).execute()
    response = user.put(f"/assets/{still}", {"livePhotoVideoId": None, "isFavorite": True})
    assert (response.status_code, response.json) == (400, {"message": "Cannot unlink Android motion photos"})
    assert user.get(f"/assets/{still}").json["isFavorite"] is False


def test_a_film_freed_in_the_locked_folder_is_locked(user: Caller, film: str, lent: Lent) -> None:
    still = user.asset(livePhotoVideoId=film)
    user.put(f"/assets/{still}", {"visibility": "locked"})
    assert user.get(f"/assets/{film}").status_code == 400
    user.elevated().put(f"/assets/{still}", {"livePhotoVideoId": None})
    assert visibility(user, film) == "locked"
    assert events.AssetsLocked((film,), user.id) in lent.heard


def test_the_locked_folder_lends_no_film(user: Caller, film: str) -> None:
    still = user.asset()
    user.put("/assets", {"ids": [film], "visibility": "locked"})
    for response in (user.put(f"/assets/{still}", {"livePhotoVideoId": film}), user.upload(livePhotoVideoId=film)):
        assert (response.status_code, response.json) == (400, {"message": "Live photo video not found"})
    # So that nobody gets it out by taking it off again.
    assert user.put(f"/assets/{still}", {"livePhotoVideoId": None}).status_code == 200
    assert (visibility(user, film), user.get(f"/assets/{film}").status_code) == ("locked", 400)
    assert user.elevated().put(f"/assets/{still}", {"livePhotoVideoId": film}).status_code == 200
