"""Accounts come and go, and so does this plugin."""

from __future__ import annotations

from collections.abc import Callable

from immich_flask.testing import Caller, Server
from plugins.albums.models import Album, AlbumAsset
from tests.plugins.albums.conftest import as_seen_by, make_album, remove, restore, said, suspend

GONE = (400, "Not found or no album.read access")


def test_albums_hide_with_their_owner(server: Server, user: Caller, other: Caller, link: Callable) -> None:
    asset = user.asset()
    album = make_album(user, asset, editors=(other,))
    guest = link(other, album)
    assert guest.get(f"/albums/{album}").status_code == guest.get(f"/assets/{asset}").status_code == 200
    suspend(server, user)
    for caller in (other, guest):
        assert said(caller.get(f"/albums/{album}")) == GONE
        assert caller.get(f"/assets/{asset}").status_code == 400
        assert said(caller.get("/timeline/buckets", albumId=album)) == GONE
    assert other.get("/albums").json == []
    assert other.get("/albums/statistics").json == {"owned": 0, "shared": 0, "notShared": 0}
    mine = other.asset()
    assert said(other.put(f"/albums/{album}/assets", {"ids": [mine]})) == (400, "Album not found")
    assert other.put("/albums/assets", {"albumIds": [album], "assetIds": [mine]}).json["success"] is False
    assert said(other.patch(f"/albums/{album}", {"albumName": "x"})) == (400, "Not found or no album.update access")
    assert said(other.delete(f"/albums/{album}/user/me")) == (400, "Album not found")
    restore(server, user)
    assert other.get(f"/albums/{album}").json["assetCount"] == 1
    assert guest.get(f"/assets/{asset}").status_code == 200


def test_suspended_members_stay_listed(server: Server, user: Caller, other: Caller) -> None:
    album = make_album(user, viewers=(other,))
    suspend(server, other)
    answer = user.get(f"/albums/{album}").json
    assert (len(answer["albumUsers"]), answer["shared"]) == (2, True)


def test_albums_go_with_their_owner(server: Server, user: Caller, other: Caller) -> None:
    theirs, mine = user.asset(), other.asset()
    album, kept = make_album(user, theirs, editors=(other,)), make_album(other, mine, viewers=(user,))
    other.put(f"/albums/{album}/assets", {"ids": [mine]})
    remove(server, user)
    assert said(other.get(f"/albums/{album}")) == GONE
    assert len(other.get(f"/albums/{kept}").json["albumUsers"]) == 1
    with server.context():
        assert not Album.select().where(Album.id == album).exists()
        assert not AlbumAsset.select().where(AlbumAsset.album == album).exists()


def test_assets_of_a_removed_member_leave(server: Server, user: Caller, other: Caller) -> None:
    album = make_album(user, editors=(other,))
    other.put(f"/albums/{album}/assets", {"ids": [other.asset()]})
    mine = user.asset()
    user.put(f"/albums/{album}/assets", {"ids": [mine]})
    remove(server, other)
    answer = user.get(f"/albums/{album}").json
    assert (answer["assetCount"], answer["albumThumbnailAssetId"], answer["shared"]) == (1, mine, False)


def test_switched_off_nothing_is_lost(server: Server, without: Server, user: Caller, other: Caller) -> None:
    shown, locked, trashed = user.asset(), user.asset(), user.asset()
    album = make_album(user, trashed, shown, locked, viewers=(other,))
    doomed = server.user()
    lost = make_album(doomed, viewers=(other,))
    me, them = as_seen_by(without, user), as_seen_by(without, other)
    assert them.get("/albums").status_code == 404
    assert said(them.get("/timeline/buckets", albumId=album)) == (
        400, "albumId cannot be used: its feature is switched off on this server")
    assert them.get(f"/assets/{shown}").status_code == 400
    me.put("/assets", {"ids": [locked], "visibility": "locked"})
    me.delete("/assets", {"ids": [trashed]})
    remove(without, doomed)
    without.activate()
    server.activate()
    assert said(other.get(f"/albums/{lost}")) == GONE
    answer = other.get(f"/albums/{album}").json
    assert (answer["assetCount"], answer["albumThumbnailAssetId"]) == (1, shown)
    assert other.get(f"/assets/{locked}").status_code == 400
    user.elevated().put("/assets", {"ids": [locked], "visibility": "timeline"})
    assert other.get(f"/albums/{album}").json["assetCount"] == 1


def test_switched_off_albums_still_hide_and_come_back(server: Server, without: Server, user: Caller,
                                                      other: Caller) -> None:
    album = make_album(user, viewers=(other,))
    admin = as_seen_by(without, server.admin)
    assert admin.delete(f"/admin/users/{user.id}", {}).status_code == 200
    assert said(other.get(f"/albums/{album}")) == GONE
    assert admin.post(f"/admin/users/{user.id}/restore").status_code == 200
    assert other.get(f"/albums/{album}").status_code == 200
