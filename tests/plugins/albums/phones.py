"""A phone with the tables that albums are about, and what it has to show in the end."""

from __future__ import annotations

from typing import Any

from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.fields import iso
from immich_flask.testing import Caller
from plugins.albums.models import Album, AlbumAsset, AlbumUser
from plugins.partners.access import SHOWN
from plugins.partners.models import Partner
from tests.plugins.sync.replay import Line, Phone, Table

TYPES = ["UsersV1", "PartnersV1", "AssetsV2", "PartnerAssetsV2", "AlbumAssetsV2", "AlbumsV2", "AlbumUsersV1",
         "AlbumToAssetsV1", "AssetExifsV1", "AlbumAssetExifsV1", "PartnerAssetExifsV1"]

OF_ASSETS = ("AssetV2", "PartnerAssetV2", "PartnerAssetBackfillV2", "AlbumAssetCreateV2", "AlbumAssetUpdateV2",
             "AlbumAssetBackfillV2")
OF_EXIF = ("AssetExifV1", "PartnerAssetExifV1", "PartnerAssetExifBackfillV1", "AlbumAssetExifCreateV1",
           "AlbumAssetExifUpdateV1", "AlbumAssetExifBackfillV1")

TABLES = (
    Table("user", ("UserV1",), deletes={"UserDeleteV1": ("userId",)}),
    Table("partner", ("PartnerV1",), ("sharedById", "sharedWithId"), {"sharedById": "user", "sharedWithId": "user"},
          {"PartnerDeleteV1": ("sharedById", "sharedWithId")}),
    Table("asset", OF_ASSETS, parents={"ownerId": "user"},
          deletes={"AssetDeleteV1": ("assetId",), "PartnerAssetDeleteV1": ("assetId",)}),
    Table("exif", OF_EXIF, ("assetId",), {"assetId": "asset"}),
    Table("album", ("AlbumV2",), deletes={"AlbumDeleteV1": ("albumId",)}),
    Table("album_user", ("AlbumUserV1", "AlbumUserBackfillV1"), ("albumId", "userId"),
          {"albumId": "album", "userId": "user"}, {"AlbumUserDeleteV1": ("albumId", "userId")}),
    Table("album_asset", ("AlbumToAssetV1", "AlbumToAssetBackfillV1"), ("albumId", "assetId"),
          {"albumId": "album", "assetId": "asset"}, {"AlbumToAssetDeleteV1": ("albumId", "assetId")}),
)


class AlbumPhone(Phone):
    """At the end of a sync the app drops assets that are neither its user's nor a partner's nor in an album."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller, TYPES, TABLES)

    def sync(self, **options: Any) -> list[Line]:
        lines = super().sync(**options)
        if not options:
            with self._db:
                self._db.execute("""
                    DELETE FROM asset WHERE "ownerId" <> ? AND "ownerId" NOT IN (SELECT "sharedById" FROM partner)
                    AND id NOT IN (SELECT "assetId" FROM album_asset)""", (self.caller.id,))
        return lines

    def lines(self, *types: str) -> list[dict]:
        """What the last stream said, of these types."""
        return [line.data for line in self.fresh if line.type in types]


def expected(user_id: str) -> dict[str, dict[tuple, dict]]:
    """By table and key, read through models; within `server.context()`."""
    mine = AlbumUser.select(AlbumUser.album).join(Album).where(AlbumUser.user == user_id, Album.deleted_at.is_null())
    albums = list(Album.select().where(Album.id.in_(mine)))
    members = list(AlbumUser.select().where(AlbumUser.album.in_(mine)))
    sees = Asset.deleted_at.is_null() | (Asset.owner == user_id)
    links = list(AlbumAsset.select().join(Asset).where(AlbumAsset.album.in_(mine), sees))
    # Nothing is shown of a partner whose account is suspended.
    sharers = (Partner.select(Partner.shared_by).join(User, on=Partner.shared_by)
               .where(Partner.shared_with == user_id, User.deleted_at.is_null()))
    partners = Asset.owner.in_(sharers) & Asset.deleted_at.is_null() & Asset.visibility.in_(SHOWN)
    assets = list(Asset.select().where((Asset.owner == user_id) | partners
                                       | Asset.id.in_([link.asset_id for link in links])))
    exifs = list(AssetExif.select().where(AssetExif.asset.in_(assets)))
    return {
        "album": {(each.id,): _album(each) for each in albums},
        "album_user": {(each.album_id, each.user_id): {"albumId": each.album_id, "userId": each.user_id,
                                                       "role": each.role} for each in members},
        "album_asset": {(each.album_id, each.asset_id): {"albumId": each.album_id, "assetId": each.asset_id}
                        for each in links},
        "asset": {(each.id,): {"visibility": each.visibility,
                               "isFavorite": each.is_favorite and each.owner_id == user_id,
                               "deletedAt": iso(each.deleted_at) if each.deleted_at else None} for each in assets},
        "exif": {(each.asset_id,): {"description": each.description} for each in exifs},
    }


def assert_same(phone: AlbumPhone) -> None:
    """The phone shows what its user may see, as it is now."""
    phone.settle()
    with phone.caller.server.context():
        wanted = expected(phone.caller.id)
    for table, rows in wanted.items():
        have = phone.rows(table)
        assert have.keys() == rows.keys(), table
        for key, row in rows.items():
            assert {name: have[key][name] for name in row} == row, (table, key)


def _album(album: Album) -> dict:
    return {"id": album.id, "name": album.name, "description": album.description, "createdAt": iso(album.created_at),
            "updatedAt": iso(album.updated_at), "thumbnailAssetId": album.thumbnail_asset_id,
            "isActivityEnabled": album.is_activity_enabled, "order": album.order}
