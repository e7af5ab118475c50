"""What the clubs tell clients."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, SQL, fn

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import SyncBackfill, SyncRows, SyncType
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.sync import ASSET, ASSET_EXIF, deleted_rows, kept_id
from immich_flask.infra.json_rows import boolean
from tests.plugins.sync.clubs.models import Club, Member, Photo

CLUB: dict[str, Any] = {
    "id": Club.id, "name": Club.name, "description": "", "createdAt": Club.created_at, "updatedAt": Club.updated_at,
    "thumbnailAssetId": None, "isActivityEnabled": False, "order": "desc",
}
MEMBER = {"albumId": Member.club, "userId": Member.user, "role": Member.role}
PHOTO = {"albumId": Photo.club, "assetId": Photo.asset}


def is_in(club: Any, user_id: str) -> Any:
    me = Member.alias()
    return fn.EXISTS(me.select(SQL("1")).where(me.club == club, me.user == user_id))


def backfill(type: str, club: Any) -> SyncBackfill:
    return SyncBackfill(type, created=Member.create_id, within=lambda club_id: club == club_id,
                        parents=lambda user_id: Member.select(Member.club).where(Member.user == user_id))


def asset(user_id: str) -> dict[str, Any]:
    return {**ASSET, "isFavorite": boolean(Asset.is_favorite & (Asset.owner == user_id))}


def hung(model: Any, key: Any, user_id: str) -> Any:
    """Photos of the user's clubs with their rows in `model`. A cross join, so that SQLite begins with the photos."""
    return (Photo.select().join(model, JOIN.CROSS)
            .where(key == Photo.asset, is_in(Photo.club, user_id)))


@hookimpl
def register_models() -> list:
    return [Club, Member, Photo]


@hookimpl
def register_sync_types() -> list[SyncType]:
    return [
        SyncType("AlbumsV2",
                 deletes=(deleted_rows("AlbumDeleteV1", "club_member", {"albumId": "club_id"}),),
                 upserts=SyncRows("AlbumV2", Club.update_id,
                                  lambda user_id: Club.select().where(is_in(Club.id, user_id)), CLUB)),
        SyncType("AlbumUsersV1",
                 deletes=(deleted_rows("AlbumUserDeleteV1", "club_member", {"albumId": "club_id", "userId": "user_id"},
                                       whose=lambda user_id: is_in(kept_id("club_id"), user_id)),),
                 backfill=backfill("AlbumUserBackfillV1", Member.club),
                 upserts=SyncRows("AlbumUserV1", Member.update_id,
                                  lambda user_id: Member.select().where(is_in(Member.club, user_id)), MEMBER)),
        SyncType("AlbumToAssetsV1",
                 deletes=(deleted_rows("AlbumToAssetDeleteV1", "club_photo", {"albumId": "club_id", "assetId": "asset_id"},
                                       whose=lambda user_id: is_in(kept_id("club_id"), user_id)),),
                 backfill=backfill("AlbumToAssetBackfillV1", Photo.club),
                 upserts=SyncRows("AlbumToAssetV1", Photo.update_id,
                                  lambda user_id: Photo.select().where(is_in(Photo.club, user_id)), PHOTO)),
        SyncType("AlbumAssetsV2",
                 backfill=backfill("AlbumAssetBackfillV2", Photo.club),
                 updates=SyncRows("AlbumAssetUpdateV2", Asset.update_id,
                                  lambda user_id: select_assets().join(Photo, JOIN.CROSS)
                                  .where(Photo.asset == Asset.id, is_in(Photo.club, user_id)), asset),
                 upserts=SyncRows("AlbumAssetCreateV2", Photo.update_id,
                                  lambda user_id: hung(Asset, Asset.id, user_id), asset)),
        SyncType("AlbumAssetExifsV1",
                 backfill=backfill("AlbumAssetExifBackfillV1", Photo.club),
                 updates=SyncRows("AlbumAssetExifUpdateV1", AssetExif.update_id,
                                  lambda user_id: AssetExif.select().join(Photo, JOIN.CROSS)
                                  .where(Photo.asset == AssetExif.asset, is_in(Photo.club, user_id)), ASSET_EXIF),
                 upserts=SyncRows("AlbumAssetExifCreateV1", Photo.update_id,
                                  lambda user_id: hung(AssetExif, AssetExif.asset, user_id), ASSET_EXIF)),
        # Gone for others is also what is archived, though it still exists.
        SyncType("PartnerAssetsV2",
                 deletes=(deleted_rows("PartnerAssetDeleteV1", "asset", {"assetId": "id"}, whose=lambda _user_id: True),
                          SyncRows("PartnerAssetDeleteV1", Asset.update_id,
                                   lambda _user_id: select_assets().where(Asset.visibility == "archive"),
                                   {"assetId": Asset.id})),
                 upserts=SyncRows("PartnerAssetV2", Asset.update_id,
                                  lambda user_id: select_assets().where(Asset.visibility == "timeline",
                                                                        Asset.owner != user_id), ASSET)),
    ]
