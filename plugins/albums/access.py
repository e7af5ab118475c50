"""Who may do what with an album, and which assets come with it (server/src/utils/access.ts)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth, AuthSharedLink
from immich_flask.contracts.enums import AlbumUserRole
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.contracts.plugin import AssetGrant
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from immich_flask.infra.sql import exists
from plugins.albums.models import Album, AlbumAsset, AlbumUser

MEMBERS = (AlbumUserRole.OWNER, AlbumUserRole.EDITOR, AlbumUserRole.VIEWER)
EDITORS = (AlbumUserRole.OWNER, AlbumUserRole.EDITOR)
OWNERS = (AlbumUserRole.OWNER,)

ROLES = {
    Permission.ALBUM_READ: MEMBERS,
    Permission.ALBUM_DOWNLOAD: MEMBERS,
    Permission.ALBUM_UPDATE: EDITORS,
    Permission.ALBUM_SHARE: EDITORS,
    Permission.ALBUM_ASSET_CREATE: EDITORS,
    Permission.ALBUM_ASSET_DELETE: EDITORS,
    Permission.ALBUM_DELETE: OWNERS,
}
"""The roles that have each permission."""

GRANTED = frozenset({Permission.ASSET_READ, Permission.ASSET_VIEW, Permission.ASSET_DOWNLOAD})
"""What a member may do with the others' assets; passing them on is not among it."""


def accessible(auth: Auth, album_ids: Iterable[str], permission: str) -> set[str]:
    """Those of the albums with which the caller may do this (`album.read`, ...). Of a link that is its own album."""
    wanted = set(album_ids)
    if auth.shared_link is not None:
        wanted &= {auth.shared_link.album_id} if _link_may(auth.shared_link, permission) else set()
        query = Album.select(Album.id).where(Album.id.in_(many(wanted)), Album.deleted_at.is_null())
    else:
        query = memberships(auth.user_id).where(AlbumUser.album.in_(many(wanted)),
                                                AlbumUser.role.in_(ROLES[Permission(permission)]))
    return {album_id for album_id, in query.tuples()} if wanted else set()


def require_album(auth: Auth, album_id: str, permission: str) -> None:
    """Raise NoAccess(`permission`) unless `accessible`; also when there is no such album."""
    if not accessible(auth, [album_id], permission):
        raise NoAccess(permission)


def memberships(user_id: str) -> Any:
    """Query of the ids of the albums that the user is in, whatever the role; it joins `album_user` and `album`."""
    return AlbumUser.select(AlbumUser.album).join(Album).where(AlbumUser.user == user_id, Album.deleted_at.is_null())


def grants(auth: Auth, permission: str) -> list[AssetGrant]:
    """The assets in the caller's albums; through a link those in its album."""
    if permission not in GRANTED:
        return []
    if (link := auth.shared_link) is None:
        return [AssetGrant("albums", covers=_in_albums_of, values=(auth.user_id,))]
    if link.album_id is None or permission == Permission.ASSET_DOWNLOAD and not link.allow_download:
        return []
    return [AssetGrant("albums", covers=_in_album, values=(link.album_id,))]


def _in_albums_of(asset: Any, user_id: str) -> Any:
    return exists(_albums_with(asset).join(AlbumUser, on=AlbumUser.album == AlbumAsset.album)
                  .where(AlbumUser.user == user_id))


def _in_album(asset: Any, album_id: str) -> Any:
    return exists(_albums_with(asset).where(AlbumAsset.album == album_id))


def _albums_with(asset: Any) -> Any:
    return (AlbumAsset.select(SQL("1")).join(Album, on=Album.id == AlbumAsset.album)
            .where(AlbumAsset.asset == asset.id, Album.deleted_at.is_null()))


def of_album(album_id: str, auth: Auth) -> Any:
    """The filter `albumId`."""
    return of_albums([album_id], auth)


def of_albums(album_ids: list[str], auth: Auth) -> Any:
    """The filter `albumIds`: assets that are in all of these."""
    wanted = set(album_ids)
    if accessible(auth, wanted, Permission.ALBUM_READ) != wanted:
        raise NoAccess(Permission.ALBUM_READ)
    links = AlbumAsset.select(AlbumAsset.asset).where(AlbumAsset.album.in_(many(wanted)))
    if len(wanted) > 1:
        links = links.group_by(AlbumAsset.asset).having(fn.COUNT(AlbumAsset.album) == len(wanted))
    return Asset.id.in_(links)


def of_my_albums(_wanted: bool, auth: Auth) -> list:
    """The filter `withSharedAlbums`: what is in the caller's albums."""
    return [Asset.id.in_(AlbumAsset.select(AlbumAsset.asset).where(AlbumAsset.album.in_(memberships(auth.user_id))))]


def in_no_album(wanted: bool, _auth: Auth) -> Any:
    """The filter `isNotInAlbum`: in nobody's album. False asks for nothing."""
    if not wanted:
        return SQL("1 = 1")
    return ~fn.EXISTS(AlbumAsset.select(SQL("1")).where(AlbumAsset.asset == Asset.id))


def _link_may(link: AuthSharedLink, permission: str) -> bool:
    return {Permission.ALBUM_READ: True, Permission.ALBUM_DOWNLOAD: link.allow_download,
            Permission.ALBUM_ASSET_CREATE: link.allow_upload}.get(permission, False)
