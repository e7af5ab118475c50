"""What phones keep of albums (docs/sync.md): the albums somebody is in, their members, what is in them.

Who leaves an album, or is sent away, hears that it is gone: from the tombstone of his membership, which the deletion of
an album leaves too. While an album is hidden it is gone for everybody. What its owner put into the trash is taken out
of the album on the others' phones (upstream sends them the row), and put in again when it comes back: triggers touch
the rows of these links.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.enums import AlbumUserRole
from immich_flask.contracts.plugin import SyncBackfill, SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.sync import ASSET, ASSET_EXIF, deleted_rows, kept_id
from immich_flask.infra.json_rows import boolean
from plugins.albums.access import memberships
from plugins.albums.models import Album, AlbumAsset, AlbumUser

ALBUM = {
    "id": Album.id,
    "name": Album.name,
    "description": Album.description,
    "createdAt": Album.created_at,
    "updatedAt": Album.updated_at,
    "thumbnailAssetId": Album.thumbnail_asset,
    "isActivityEnabled": Album.is_activity_enabled,
    "order": Album.order,
}

OWNER = AlbumUser.select(AlbumUser.user).where(AlbumUser.album == Album.id, AlbumUser.role == AlbumUserRole.OWNER)

ALBUM_USER = {"albumId": AlbumUser.album, "userId": AlbumUser.user, "role": AlbumUser.role}
ALBUM_ASSET = {"albumId": AlbumAsset.album, "assetId": AlbumAsset.asset}


def sync_types() -> list[SyncType]:
    return [
        _albums(Request.ALBUMS_V1, Line.ALBUM_V1, {**ALBUM, "ownerId": OWNER}),
        _albums(Request.ALBUMS_V2, Line.ALBUM_V2, ALBUM),
        SyncType(
            Request.ALBUM_USERS_V1,
            deletes=(deleted_rows(Line.ALBUM_USER_DELETE_V1, "album_user", {"albumId": "album_id", "userId": "user_id"},
                                  whose=lambda user_id: _is_in(kept_id("album_id"), user_id)),),
            backfill=_backfill(Line.ALBUM_USER_BACKFILL_V1, AlbumUser.album),
            upserts=SyncRows(Line.ALBUM_USER_V1, AlbumUser.update_id,
                             lambda user_id: AlbumUser.select().where(_is_in(AlbumUser.album, user_id)), ALBUM_USER)),
        SyncType(
            Request.ALBUM_TO_ASSETS_V1,
            deletes=(
                deleted_rows(Line.ALBUM_TO_ASSET_DELETE_V1, "album_asset",
                             {"albumId": "album_id", "assetId": "asset_id"},
                             whose=lambda user_id: _is_in(kept_id("album_id"), user_id)),
                SyncRows(Line.ALBUM_TO_ASSET_DELETE_V1, AlbumAsset.update_id,
                         lambda user_id: _all_links(user_id).where(~_sees(user_id)), ALBUM_ASSET)),
            backfill=_backfill(Line.ALBUM_TO_ASSET_BACKFILL_V1, AlbumAsset.album),
            upserts=SyncRows(Line.ALBUM_TO_ASSET_V1, AlbumAsset.update_id, _links, ALBUM_ASSET)),
        SyncType(
            Request.ALBUM_ASSETS_V2,
            backfill=_backfill(Line.ALBUM_ASSET_BACKFILL_V2, AlbumAsset.album),
            updates=SyncRows(Line.ALBUM_ASSET_UPDATE_V2, Asset.update_id,
                             lambda user_id: (select_assets().join(AlbumAsset, on=AlbumAsset.asset == Asset.id)
                                              .where(_sees(user_id), _is_in(AlbumAsset.album, user_id))), _asset),
            upserts=SyncRows(Line.ALBUM_ASSET_CREATE_V2, AlbumAsset.update_id, _links, _asset)),
        SyncType(
            Request.ALBUM_ASSET_EXIFS_V1,
            backfill=_backfill(Line.ALBUM_ASSET_EXIF_BACKFILL_V1, AlbumAsset.album),
            updates=SyncRows(Line.ALBUM_ASSET_EXIF_UPDATE_V1, AssetExif.update_id,
                             lambda user_id: (AssetExif.select()
                                              .join(AlbumAsset, on=AlbumAsset.asset == AssetExif.asset)
                                              .join(Asset, on=Asset.id == AssetExif.asset)
                                              .where(_sees(user_id), _is_in(AlbumAsset.album, user_id))), ASSET_EXIF),
            upserts=SyncRows(Line.ALBUM_ASSET_EXIF_CREATE_V1, AlbumAsset.update_id,
                             lambda user_id: _links(user_id).join(AssetExif, on=AssetExif.asset == AlbumAsset.asset),
                             ASSET_EXIF)),
    ]


def _albums(request: str, line: str, fields: Mapping[str, Any]) -> SyncType:
    return SyncType(
        request,
        deletes=(
            deleted_rows(Line.ALBUM_DELETE_V1, "album_user", {"albumId": "album_id"}),
            SyncRows(Line.ALBUM_DELETE_V1, Album.update_id,
                     lambda user_id: Album.select().where(Album.deleted_at.is_null(False), _has(user_id)),
                     {"albumId": Album.id}),
        ),
        upserts=SyncRows(line, Album.update_id,
                         lambda user_id: Album.select().where(Album.deleted_at.is_null(), _has(user_id)), fields))


def _backfill(line: str, album: Any) -> SyncBackfill:
    """What was in an album (`album` is the column that names it) before the user joined."""
    return SyncBackfill(line, created=AlbumUser.create_id, parents=memberships,
                        within=lambda album_id: album == album_id)


def _all_links(user_id: str) -> Any:
    return (AlbumAsset.select().join(Asset, on=Asset.id == AlbumAsset.asset)
            .where(_is_in(AlbumAsset.album, user_id)))


def _links(user_id: str) -> Any:
    return _all_links(user_id).where(_sees(user_id))


def _sees(user_id: str) -> Any:
    """The condition that an asset in an album is not in somebody else's trash."""
    return Asset.deleted_at.is_null() | (Asset.owner == user_id)


def _asset(user_id: str) -> Mapping[str, Any]:
    return {**ASSET, "isFavorite": boolean(Asset.is_favorite & (Asset.owner == user_id))}


def _has(user_id: str) -> Any:
    """The condition that the user is in the album of the row, hidden or not."""
    mine = AlbumUser.alias()
    return fn.EXISTS(mine.select(SQL("1")).where(mine.album == Album.id, mine.user == user_id))


def _is_in(album_id: Any, user_id: str) -> Any:
    """The condition that the user is in the album with this id, and that it is not hidden."""
    mine, shown = AlbumUser.alias(), Album.alias()
    return fn.EXISTS(mine.select(SQL("1")).join(shown, on=shown.id == mine.album).where(
        mine.album == album_id, mine.user == user_id, shown.deleted_at.is_null()))
