"""Getting access to what is older than what the client has read already."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from immich_flask.core.models import Asset, AssetExif
from immich_flask.testing import Caller, Server
from tests.plugins.sync.clubs.models import Club, Member, Photo
from tests.plugins.sync.conftest import CLUB_TYPES, TABLES, add_asset
from tests.plugins.sync.replay import Phone


def club(name: str, owner: Caller, *assets: str) -> str:
    row = Club.create(name=name)
    Member.create(club=row, user=owner.id, role="owner")
    for asset_id in assets:
        Photo.create(club=row, asset=asset_id)
    return row.id


def join(club_id: str, user: Caller) -> None:
    Member.create(club=club_id, user=user.id)
    # As the albums do: a new member never got the club's own row.
    Club.update(id=Club.id).where(Club.id == club_id).execute()


def runs(phone: Phone) -> list[str]:
    return [type for type, _ in groupby(phone.fresh, key=lambda line: line.type) if type != "UserV1"]


def assert_has(phone: Phone, *club_ids: str) -> None:
    """The phone shows these clubs, all of their members and photos, and the photos themselves."""
    assert {key for key, in phone.rows("album")} == set(club_ids)
    members = {(row.club_id, row.user_id) for row in Member.select().where(Member.club.in_(club_ids))}
    photos = {(row.club_id, row.asset_id) for row in Photo.select().where(Photo.club.in_(club_ids))}
    assert phone.rows("album_user").keys() == members
    assert phone.rows("album_asset").keys() == photos
    shown = {asset_id for _, asset_id in photos}
    names = dict(Asset.select(Asset.id, Asset.original_file_name).where(Asset.id.in_(list(shown))).tuples())
    assert {key: row["originalFileName"] for (key,), row in phone.rows("asset").items() if key in shown} == names
    makes = dict(AssetExif.select(AssetExif.asset, AssetExif.make).where(AssetExif.asset.in_(list(shown))).tuples())
    assert {key: row["make"] for (key,), row in phone.rows("exif").items() if key in shown} == makes


def test_the_first_sync_needs_no_backfill(
        server: Server, phone: Phone, user: Caller, other: Caller, stored: Callable) -> None:
    with server.context():
        first = club("first", other, add_asset(other.id))
        join(first, user)
        phone.sync()
        assert "AlbumUserBackfillV1" not in runs(phone) and "AlbumAssetBackfillV2" not in runs(phone)
        assert_has(phone, first)
        created = Member.get(Member.user == user.id).create_id
        marks = {type: known for type, known in stored(user).items() if "Backfill" in type}
        assert marks == dict.fromkeys(("AlbumUserBackfillV1", "AlbumToAssetBackfillV1", "AlbumAssetBackfillV2",
                                       "AlbumAssetExifBackfillV1"), (created, "complete"))
        assert [line.type for line in phone.sync()] == ["SyncCompleteV1"]


def test_what_is_older_than_the_membership_comes_once(
        server: Server, phone: Phone, user: Caller, other: Caller) -> None:
    with server.context():
        old = club("old", other, *(add_asset(other.id) for _ in range(3)))
        own = club("own", user, add_asset(user.id))
        phone.sync()
        assert_has(phone, own)
        join(old, user)
        phone.sync()
        assert runs(phone) == [
            "AlbumAssetBackfillV2", "SyncAckV1", "AlbumV2", "AlbumUserBackfillV1", "SyncAckV1", "AlbumUserV1",
            "AlbumToAssetBackfillV1", "SyncAckV1", "AlbumAssetExifBackfillV1", "SyncAckV1", "SyncCompleteV1"]
        assert_has(phone, old, own)
        assert [line.type for line in phone.sync()] == ["SyncCompleteV1"]


def test_backfill_goes_on_where_it_broke(server: Server, user: Caller, other: Caller, stored: Callable) -> None:
    with server.context():
        phone = Phone(user, ["UsersV1", "AlbumsV2", "AlbumToAssetsV1", "AlbumAssetsV2"], TABLES)
        clubs = [club(f"club {number}", other, *(add_asset(other.id) for _ in range(4))) for number in range(2)]
        own = club("own", user, add_asset(user.id))
        phone.sync()
        for club_id in clubs:
            join(club_id, user)
        whole = phone.read().decode()
        # In the middle of the third line of the first club, and of the second line of the second one.
        lines = [index for index in range(len(whole)) if whole.startswith('{"type":"AlbumAssetBackfillV2"', index)]
        phone.sync(cut=lines[2] + 40)
        created, last = stored(user)["AlbumAssetBackfillV2"]
        ids = [update_id for update_id, in Photo.select(Photo.update_id).where(Photo.club == clubs[0])
               .order_by(Photo.update_id).tuples()]
        assert last == ids[1]
        again = phone.read().decode()
        assert again.count('"AlbumAssetBackfillV2"') == 2 + 4
        cut = [index for index in range(len(again)) if again.startswith('{"type":"AlbumAssetBackfillV2"', index)]
        phone.sync(cut=cut[3] + 40)
        assert stored(user)["AlbumAssetBackfillV2"][0] > created
        phone.sync()
        phone.types = CLUB_TYPES
        phone.settle()
        assert_has(phone, own, *clubs)


def test_a_mark_is_never_taken_for_a_row(server: Server, phone: Phone, user: Caller, other: Caller) -> None:
    """A club without photos is done at once, and is not asked for again."""
    with server.context():
        empty = club("empty", other)
        club("own", user, add_asset(user.id))
        phone.sync()
        join(empty, user)
        phone.settle()
        assert phone.rows("album_user").keys() >= {(empty, other.id), (empty, user.id)}


def test_changes_of_linked_rows_are_told_behind_known_links_only(
        server: Server, phone: Phone, user: Caller, other: Caller) -> None:
    with server.context():
        shown = add_asset(other.id, is_favorite=True)
        first = club("first", other, shown)
        join(first, user)
        phone.sync()
        assert runs(phone)[:2] == ["SyncAckV1", "AlbumAssetCreateV2"]
        assert phone.rows("asset")[shown,]["isFavorite"] is False
        Asset.update(original_file_name="new.jpg").where(Asset.id == shown).execute()
        AssetExif.update(make="Acme").where(AssetExif.asset == shown).execute()
        Asset.update(original_file_name="hidden.jpg").where(Asset.id == add_asset(other.id)).execute()
        phone.sync()
        assert runs(phone) == ["AlbumAssetUpdateV2", "AlbumAssetExifUpdateV1", "SyncCompleteV1"]
        assert_has(phone, first)
        added = add_asset(other.id)
        Photo.create(club=first, asset=added)
        Asset.update(original_file_name="added.jpg").where(Asset.id == added).execute()
        phone.sync()
        # As a new row it comes as it is now; that it changed before is no news then.
        assert runs(phone) == ["SyncAckV1", "AlbumAssetCreateV2", "AlbumToAssetV1", "SyncAckV1",
                               "AlbumAssetExifCreateV1", "SyncCompleteV1"]
        assert [line.type for line in phone.sync()] == ["SyncCompleteV1"]
        assert_has(phone, first)


def test_who_leaves_and_comes_back_has_everything_again(
        server: Server, phone: Phone, user: Caller, other: Caller) -> None:
    with server.context():
        first = club("first", other, *(add_asset(other.id) for _ in range(2)))
        own = club("own", user, add_asset(user.id))
        join(first, user)
        phone.settle()
        assert_has(phone, first, own)
        Member.delete().where(Member.club == first, Member.user == user.id).execute()
        phone.sync()
        assert runs(phone) == ["AlbumDeleteV1", "SyncCompleteV1"]
        assert_has(phone, own)
        join(first, user)
        phone.settle()
        assert_has(phone, first, own)


def test_members_that_stay_hear_of_the_one_who_left(
        server: Server, phone: Phone, user: Caller, other: Caller) -> None:
    with server.context():
        own = club("own", user)
        join(own, other)
        phone.settle()
        Member.delete().where(Member.user == other.id, Member.club == own).execute()
        phone.sync()
        assert runs(phone) == ["AlbumUserDeleteV1", "SyncCompleteV1"]
        assert_has(phone, own)
        Club.delete().where(Club.id == own).execute()
        phone.sync()
        assert runs(phone) == ["AlbumDeleteV1", "SyncCompleteV1"]
        assert phone.rows("album") == {}


def test_deletes_from_two_sources_keep_the_order_of_their_ids(server: Server, user: Caller, other: Caller) -> None:
    phone = Phone(user, ["UsersV1", "PartnerAssetsV2"], TABLES)
    with server.context():
        assets = [add_asset(other.id) for _ in range(6)]
        phone.sync()
        for number, asset_id in enumerate(assets):
            if number % 2:
                Asset.update(visibility="archive").where(Asset.id == asset_id).execute()
            else:
                Asset.delete().where(Asset.id == asset_id).execute()
        lines = phone.sync()
        gone = [line for line in lines if line.type == "PartnerAssetDeleteV1"]
        assert [line.data["assetId"] for line in gone if line.data["assetId"] in assets] == assets
        acks = [line.ack for line in gone]
        assert acks == sorted(acks)
        assert not {(asset_id,) for asset_id in assets} & phone.rows("asset").keys()
        phone.settle()
