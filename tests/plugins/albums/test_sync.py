"""What phones hear of albums."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Caller, Server
from tests.plugins.albums.conftest import as_seen_by, bare_assets, make_album, remove, restore, suspend
from tests.plugins.albums.phones import AlbumPhone, assert_same


@pytest.fixture
def phones(user: Caller, other: Caller) -> tuple[AlbumPhone, AlbumPhone]:
    """The owner's and the member's."""
    return AlbumPhone(user), AlbumPhone(other)


def kinds(phone: AlbumPhone) -> list[str]:
    """The types of the lines of the next stream, in order, each once; what is no news left out."""
    phone.sync()
    return [kind for kind in dict.fromkeys(line.type for line in phone.fresh)
            if kind not in ("SyncAckV1", "SyncCompleteV1", "UserV1")]


def test_an_album_from_its_making_to_its_end(user: Caller, other: Caller, phones: tuple) -> None:
    owner, member = phones
    assets = [user.asset(), user.asset(isFavorite="true")]
    album = make_album(user, *assets, viewers=(other,))
    for phone in phones:
        assert_same(phone)
    assert {row["isFavorite"] for row in member.rows("asset").values()} == {False}
    user.patch(f"/albums/{album}", {"albumName": "Sea", "order": "asc", "isActivityEnabled": False})
    assert kinds(member) == ["AlbumV2"]
    assert member.rows("album")[album,]["name"] == "Sea"
    user.put(f"/albums/{album}/user/{other.id}", {"role": "editor"})
    assert kinds(owner) == ["AlbumV2", "AlbumUserV1"]
    assert kinds(member) == ["AlbumUserV1"]
    user.delete(f"/albums/{album}/assets", {"ids": assets[1:]})
    assert kinds(member) == ["AlbumToAssetDeleteV1"]
    assert_same(member)
    user.put(f"/assets/{assets[0]}", {"description": "the lake"})
    assert kinds(member) == ["AlbumAssetExifUpdateV1"]
    user.delete(f"/albums/{album}")
    for phone in phones:
        assert "AlbumDeleteV1" in kinds(phone)
        assert_same(phone)
        assert phone.rows("album") == {}


def test_the_old_form_names_the_owner(user: Caller, other: Caller) -> None:
    album = make_album(user, viewers=(other,))
    phone = AlbumPhone(other)
    phone.types = ["AlbumsV1"]
    phone._upserts["AlbumV1"] = phone._upserts["AlbumV2"]
    phone.sync()
    assert phone.rows("album")[album,]["ownerId"] == user.id
    user.delete(f"/albums/{album}")
    phone.settle()
    assert phone.rows("album") == {}


def test_what_was_there_before_is_filled_in_once(user: Caller, other: Caller, phones: tuple) -> None:
    _, member = phones
    old = user.asset()
    album = make_album(user, old)
    make_album(other, other.asset())
    assert_same(member)
    user.put(f"/albums/{album}/users", {"albumUsers": [{"userId": other.id}]})
    assert kinds(member) == ["AlbumAssetBackfillV2", "AlbumV2", "AlbumUserBackfillV1", "AlbumUserV1",
                             "AlbumToAssetBackfillV1", "AlbumAssetExifBackfillV1"]
    assert kinds(member) == []
    assert_same(member)


def test_members_who_go(server: Server, user: Caller, other: Caller, phones: tuple) -> None:
    owner, member = phones
    third = server.user()
    album = make_album(user, user.asset(), editors=(other,), viewers=(third,))
    another = AlbumPhone(third)
    for phone in (*phones, another):
        assert_same(phone)
    other.delete(f"/albums/{album}/user/{third.id}")
    assert kinds(another) == ["AlbumDeleteV1"]
    assert kinds(member) == ["AlbumUserDeleteV1"]
    other.delete(f"/albums/{album}/user/me")
    assert kinds(member) == ["AlbumDeleteV1"]
    for phone in (*phones, another):
        assert_same(phone)
    assert another.rows("asset") == member.rows("asset") == {}
    # Back again between two streams: the album has to be there in the end.
    for caller in (other, third):
        user.put(f"/albums/{album}/users", {"albumUsers": [{"userId": caller.id}]})
    other.delete(f"/albums/{album}/user/me")
    user.put(f"/albums/{album}/users", {"albumUsers": [{"userId": other.id}]})
    for phone in (*phones, another):
        assert_same(phone)


def test_the_trash_is_the_owners_alone(server: Server, user: Caller, other: Caller, phones: tuple) -> None:
    owner, member = phones
    binned, stays = user.asset(), user.asset()
    album = make_album(user, binned, stays, viewers=(other,))
    for phone in phones:
        assert_same(phone)
    user.delete("/assets", {"ids": [binned]})
    for phone in phones:
        assert_same(phone)
    assert set(member.rows("album_asset")) == {(album, stays)}
    assert (binned,) not in member.rows("asset")
    late = AlbumPhone(server.session_of(other))
    assert_same(late)
    assert binned not in {line.data.get("id") for line in late.heard}
    user.post("/trash/restore/assets", {"ids": [binned]})
    for phone in (*phones, late):
        assert_same(phone)
        assert len(phone.rows("album_asset")) == len(phone.rows("exif")) == 2
    user.delete("/assets", {"ids": [binned], "force": True})
    for phone in (*phones, late):
        assert_same(phone)


def test_locked_assets_leave(user: Caller, other: Caller, phones: tuple) -> None:
    asset = user.asset()
    album = make_album(user, asset, viewers=(other,))
    for phone in phones:
        assert_same(phone)
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    for phone in phones:
        assert_same(phone)
        assert phone.rows("album_asset") == {}
    user.elevated().put("/assets", {"ids": [asset], "description": "secret"})
    assert "AlbumAssetExifUpdateV1" not in kinds(phones[1])
    assert album in {id for id, in phones[1].rows("album")}


def test_albums_of_suspended_owners_hide_and_come_back(server: Server, user: Caller, other: Caller,
                                                       phones: tuple) -> None:
    _, member = phones
    album = make_album(user, user.asset(), viewers=(other, server.user()))
    assert_same(member)
    suspend(server, user)
    assert kinds(member) == ["AlbumDeleteV1"]
    assert_same(member)
    assert kinds(member) == []
    restore(server, user)
    assert_same(member)
    assert len(member.rows("album_user")) == 3
    assert len(member.rows("album_asset")) == len(member.rows("exif")) == 1
    remove(server, user)
    assert kinds(member) == ["UserDeleteV1", "AlbumDeleteV1"]
    assert_same(member)
    assert album not in {id for id, in member.rows("album")}


def test_members_whose_account_is_removed(server: Server, user: Caller, other: Caller, phones: tuple) -> None:
    owner, _ = phones
    album = make_album(user, user.asset(), editors=(other,))
    other.put(f"/albums/{album}/assets", {"ids": [other.asset()]})
    assert_same(owner)
    remove(server, other)
    assert_same(owner)
    assert set(owner.rows("album_user")) == {(album, user.id)}


@pytest.mark.parametrize("visibility", ["archive", "timeline"])
def test_partners_forget_what_is_archived_but_not_in_albums(user: Caller, other: Caller, phones: tuple,
                                                            visibility: str) -> None:
    _, member = phones
    user.post("/partners", {"sharedWithId": other.id})
    asset = user.asset()
    make_album(user, asset, viewers=(other,))
    assert_same(member)
    for change in ({"visibility": "archive"}, {"isFavorite": True}, {"description": "x"}, {"visibility": visibility}):
        user.put("/assets", {"ids": [asset], **change})
        assert_same(member)
        assert len(member.rows("album_asset")) == 1
    user.delete(f"/partners/{other.id}")
    assert_same(member)


def test_while_albums_are_switched_off(server: Server, without: Server, user: Caller, other: Caller,
                                       phones: tuple) -> None:
    owner, member = phones
    binned, locked, copied = user.asset(), user.asset(), user.asset()
    doomed = server.user()
    make_album(doomed, doomed.asset(), viewers=(other,))
    make_album(user, binned, locked, copied, viewers=(other,))
    for phone in phones:
        assert_same(phone)
    me, admin = as_seen_by(without, user), as_seen_by(without, server.admin)
    member.caller = as_seen_by(without, other)
    me.put("/assets", {"ids": [locked], "visibility": "locked"})
    me.delete("/assets", {"ids": [binned]})
    assert not [kind for kind in kinds(member) if kind.startswith("Album")]
    admin.delete(f"/admin/users/{user.id}", {})
    admin.post(f"/admin/users/{user.id}/restore")
    remove(without, doomed)
    server.activate()
    member.caller = other
    for phone in phones:
        assert_same(phone)
    assert len(member.rows("album")) == 1


@pytest.mark.parametrize("cut", [500, 5_000, 20_000])
def test_a_broken_connection_loses_nothing(server: Server, user: Caller, other: Caller, phones: tuple,
                                           cut: int) -> None:
    _, member = phones
    assets = bare_assets(server, user, 60)
    first = make_album(user, *assets[:40], viewers=(other,))
    member.sync(cut=cut)
    user.put("/albums/assets", {"albumIds": [first], "assetIds": assets[40:]})
    second = make_album(user, *assets)
    user.delete(f"/albums/{first}/assets", {"ids": assets[:10]})
    member.sync(cut=cut)
    user.put(f"/albums/{second}/users", {"albumUsers": [{"userId": other.id}]})
    member.sync(cut=cut)
    assert_same(member)
    assert len(member.rows("album_asset")) == 110


def test_a_stream_costs_the_same_however_much_there_is(server: Server, user: Caller, other: Caller,
                                                       queries: Callable) -> None:
    def cost(albums: int) -> int:
        for _ in range(albums):
            make_album(user, *bare_assets(server, user, 3), viewers=(other,))
        phone = AlbumPhone(server.session_of(other))
        with queries() as sql:
            phone.read()
        return len(sql)

    assert cost(1) == cost(5)
