"""What guests bring: it belongs to the owner of the link, and joins the album or the link's own list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, photo
from plugins.albums.api import AlbumUpdated
from tests.plugins.shared_links.conftest import album, share, shown

Guest = Callable[[dict], Caller]


def inside(owner: Caller, album_id: str) -> list[str]:
    return [item["id"] for item in owner.post("/search/metadata", {"albumIds": [album_id]}).json["assets"]["items"]]


def test_into_an_album(user: Caller, guest: Guest) -> None:
    holiday = album(user)
    caller = guest(share(user, albumId=holiday))
    asset = caller.asset()
    assert user.get(f"/assets/{asset}").json["ownerId"] == user.id
    assert inside(user, holiday) == [asset]
    assert caller.get(f"/assets/{asset}/thumbnail").status_code == 200
    assert user.get("/users/me").json["quotaUsageInBytes"] > 0


def test_into_a_list(user: Caller, guest: Guest) -> None:
    link = share(user, user.asset())
    asset = guest(link).asset()
    assert asset in shown(user, link)
    assert guest(link).get(f"/assets/{asset}").status_code == 200


@pytest.mark.parametrize("announced", [False, True])
def test_what_the_owner_has_already_joins_too(user: Caller, guest: Guest, announced: bool) -> None:
    content = photo()
    owned = user.asset(content)
    holiday, link = album(user), share(user, user.asset())
    headers = {"x-immich-checksum": user.get(f"/assets/{owned}").json["checksum"]} if announced else {}
    for caller in (guest(share(user, albumId=holiday)), guest(link)):
        for _ in range(2):
            answer = caller.upload(content, headers=headers)
            assert (answer.status_code, answer.json) == (200, {"id": owned, "status": "duplicate"})
    assert inside(user, holiday) == [owned]
    assert owned in shown(user, link)


def test_the_locked_folder_lends_nothing(user: Caller, guest: Guest) -> None:
    """A guest who has a copy of something locked must not get it into the album, nor what he puts there himself."""
    content = photo()
    locked = user.asset(content, visibility="locked")
    holiday, link = album(user), share(user, user.asset())
    elevated = user.elevated()
    for caller in (guest(share(user, albumId=holiday)), guest(link)):
        assert caller.upload(content).json["id"] == locked
        hidden = caller.asset(visibility="locked")
        assert caller.get(f"/assets/{locked}").status_code == caller.get(f"/assets/{hidden}").status_code == 400
        elevated.put("/assets", {"ids": [locked, hidden], "visibility": "timeline"})
        assert caller.get(f"/assets/{locked}").status_code == caller.get(f"/assets/{hidden}").status_code == 400
        elevated.put("/assets", {"ids": [locked], "visibility": "locked"})
    assert inside(user, holiday) == []
    assert len(shown(user, link)) == 1


@pytest.mark.parametrize("kind", ["individual", "album"])
def test_only_where_it_is_allowed(user: Caller, guest: Guest, kind: str) -> None:
    link = share(user, user.asset(), allowUpload=False) if kind == "individual" else share(
        user, albumId=album(user), allowUpload=False)
    for headers in ({}, {"x-immich-checksum": "a" * 40}):
        refused = guest(link).upload(headers=headers)
        assert (refused.status_code, refused.json["message"]) == (401, "Unauthorized")
    user.patch(f"/shared-links/{link['id']}", {"allowUpload": True})
    assert guest(link).upload().status_code == 201


def test_a_live_photo_comes_in_two_parts(user: Caller, guest: Guest) -> None:
    private, individual = user.asset(b"film" * 20, "private.mp4"), share(user, user.asset())
    for link in (individual, share(user, albumId=album(user))):
        caller = guest(link)
        film = caller.asset(photo() + link["id"].encode(), "live.mp4", visibility="hidden")
        still = caller.asset(livePhotoVideoId=film)
        assert caller.get(f"/assets/{still}").json["livePhotoVideoId"] == film
        refused = caller.upload(livePhotoVideoId=private)
        assert (refused.status_code, refused.json["message"]) == (400, "Live photo video not found")
    # What is shown by itself are the first asset and the guest's photo.
    assert len(shown(user, individual)) == 2


def test_into_an_album_of_somebody_else(user: Caller, other: Caller, guest: Guest) -> None:
    """An editor's link: what comes by it is the editor's."""
    holiday = album(user, albumUsers=[{"userId": other.id, "role": "editor"}])
    asset = guest(share(other, albumId=holiday)).asset()
    assert other.get(f"/assets/{asset}").json["ownerId"] == other.id
    assert inside(user, holiday) == [asset]
    assert user.put(f"/assets/{asset}", {"description": "mine?"}).status_code == 400


def test_the_members_hear_of_it_the_owner_too(user: Caller, other: Caller, guest: Guest,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    holiday = album(user, albumUsers=[{"userId": other.id, "role": "viewer"}])
    caller = guest(share(user, albumId=holiday))
    heard: list[AlbumUpdated] = []
    monkeypatch.setattr("plugins.albums.contents.emit", heard.append)
    caller.asset()
    assert [(event.album_id, set(event.recipient_ids)) for event in heard] == [(holiday, {user.id, other.id})]
