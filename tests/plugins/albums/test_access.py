"""Which assets an album opens to whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server
from tests.plugins.albums.conftest import NO_SUCH, make_album, said

STATES = {"shown": "open", "archived": "open", "tucked": "open", "trashed": "owner", "locked": "nobody",
          "apart": "owner"}
"""To whom each of the owner's assets is open: everybody in the album, the owner alone, or nobody without the PIN."""


@pytest.fixture
def assets(user: Caller) -> dict[str, str]:
    return {state: user.asset() for state in STATES}


@pytest.fixture
def album(user: Caller, other: Caller, assets: dict[str, str]) -> str:
    album = make_album(user, *(id for state, id in assets.items() if state != "apart"), viewers=(other,))
    for state, visibility in (("archived", "archive"), ("tucked", "hidden"), ("locked", "locked")):
        user.put("/assets", {"ids": [assets[state]], "visibility": visibility})
    user.delete("/assets", {"ids": [assets["trashed"]]})
    return album


def months(caller: Caller, **query: str) -> int | tuple[int, str]:
    """How many assets there are in the timeline."""
    answer = caller.get("/timeline/buckets", **query)
    return sum(each["count"] for each in answer.json) if answer.status_code == 200 else said(answer)


@pytest.mark.parametrize("state", STATES)
def test_assets_by_their_state(server: Server, user: Caller, other: Caller, album: str, assets: dict, link: Callable,
                              state: str) -> None:
    asset, opened = assets[state], STATES[state]
    guest, bare = link(user, album), link(user, album, allow_download=False)
    callers = {"owner": user, "member": other, "guest": guest, "bare": bare, "stranger": server.user(),
               "admin": server.admin, "elevated member": other.elevated(),
               "link elsewhere": link(user, make_album(user))}
    inside = {"owner", "member", "elevated member", "guest", "bare", "link elsewhere"}
    allowed = {"open": inside - {"link elsewhere"}, "owner": {"owner"}, "nobody": set()}[opened]
    for name, caller in callers.items():
        read, original = caller.get(f"/assets/{asset}"), caller.get(f"/assets/{asset}/original")
        assert read.status_code == (200 if name in allowed else 400), (name, read.text)
        assert original.status_code == (200 if name in allowed - {"bare"} else 404), name
        thumbnail = caller.get(f"/assets/{asset}/thumbnail")
        assert (thumbnail.status_code == 400) == (name not in allowed), name
    assert user.elevated().get(f"/assets/{asset}").status_code == 200


def test_members_change_nothing(user: Caller, other: Caller, album: str, assets: dict) -> None:
    shown = assets["shown"]
    assert other.put(f"/assets/{shown}", {"description": "mine"}).status_code == 400
    assert other.delete("/assets", {"ids": [shown]}).status_code == 400
    assert other.get(f"/assets/{shown}").json["isFavorite"] is False


def test_the_moving_part_comes_with_its_still(server: Server, user: Caller, other: Caller) -> None:
    still, film, locked_still, locked_film = (user.asset() for _ in range(4))
    with server.context():
        Asset.update(visibility="hidden", type="VIDEO").where(Asset.id.in_([film, locked_film])).execute()
        Asset.update(live_photo_video=film).where(Asset.id == still).execute()
        Asset.update(live_photo_video=locked_film).where(Asset.id == locked_still).execute()
    make_album(user, still, locked_still, viewers=(other,))
    user.put("/assets", {"ids": [locked_still], "visibility": "locked"})
    assert [other.get(f"/assets/{id}").status_code for id in (still, film, locked_still, locked_film)] == [
        200, 200, 400, 400]


def test_the_timeline_of_an_album(server: Server, user: Caller, other: Caller, album: str, link: Callable) -> None:
    assert months(user, albumId=album) == months(other, albumId=album) == months(link(user, album), albumId=album) == 2
    assert months(other) == 0
    assert months(other, albumId=album, visibility="archive") == 1
    assert months(other, albumId=album, isTrashed="true") == 0
    assert months(user, albumId=album, isTrashed="true") == 1
    assert months(other, albumId=album, userId=other.id) == 0
    assert months(other, albumId=album, userId=user.id) == (400, "Not found or no timeline.read access")
    refused = (400, "Not found or no album.read access")
    for caller in (server.user(), server.admin, link(user, None), link(user, make_album(user))):
        assert months(caller, albumId=album) == refused
    assert months(user, albumId=NO_SUCH) == refused
    assert months(link(user, album)) == (400, "Not found or no timeline.read access")


def test_leaving_ends_it(user: Caller, other: Caller, album: str, assets: dict) -> None:
    assert other.get(f"/assets/{assets['shown']}").status_code == 200
    other.delete(f"/albums/{album}/user/me")
    assert other.get(f"/assets/{assets['shown']}").status_code == 400
    assert months(other, albumId=album) == (400, "Not found or no album.read access")


def test_what_is_taken_out_is_closed(user: Caller, other: Caller, album: str, assets: dict) -> None:
    user.delete(f"/albums/{album}/assets", {"ids": [assets["shown"]]})
    assert other.get(f"/assets/{assets['shown']}").status_code == 400


class TestFilters:
    """Those that only search, map and download use, asked as these do."""

    @pytest.fixture
    def found(self, server: Server, user: Caller, other: Caller) -> Callable:
        from immich_flask.contracts.auth import Auth, AuthSession, AuthUser
        from immich_flask.core.assets.filters import plugin_conditions
        from immich_flask.core.assets.visible import select_assets

        def ask(caller: Caller, **parameters: object) -> set[str]:
            auth = Auth(AuthUser(caller.id, "", "", False, None, 0), session=AuthSession("s", False))
            with server.context():
                conditions = plugin_conditions(auth, parameters, permission="asset.read")
                return {id for id, in select_assets(Asset.id).where(*conditions).tuples()}

        return ask

    def test_in_all_of_some_albums(self, found: Callable, user: Caller, other: Caller) -> None:
        one, both, none = user.asset(), user.asset(), user.asset()
        first, second = make_album(user, one, both, viewers=(other,)), make_album(user, both)
        assert found(user, albumIds=[first]) == found(other, albumIds=[first]) == {one, both}
        assert found(user, albumIds=[first, second]) == {both}
        assert found(user, albumIds=[first, first]) == {one, both}
        for ids in ([second], [first, second], [NO_SUCH]):
            with pytest.raises(Exception, match="Not found or no album.read access"):
                found(other, albumIds=ids)
        assert found(user) == {one, both, none}

    def test_in_no_album(self, found: Callable, user: Caller) -> None:
        one, none = user.asset(), user.asset()
        make_album(user, one)
        assert found(user, isNotInAlbum=True) == {none}
        assert found(user, isNotInAlbum=False) == {one, none}

    def test_with_shared_albums(self, found: Callable, user: Caller, other: Caller) -> None:
        theirs, mine, trashed = user.asset(), other.asset(), user.asset()
        album = make_album(user, theirs, trashed, viewers=(other,))
        user.delete("/assets", {"ids": [trashed]})
        assert found(other, withSharedAlbums=True) == {theirs, mine}
        assert found(other, withSharedAlbums=False) == {mine}
        other.delete(f"/albums/{album}/user/me")
        assert found(other, withSharedAlbums=True) == {mine}
