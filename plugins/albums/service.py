"""Making, finding, changing and deleting albums (server/src/services/album.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AlbumUserRole
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import reachable
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.users.preferences import preferences
from immich_flask.infra.db import atomic
from immich_flask.infra.sql import Texts
from plugins.albums import answers
from plugins.albums.access import require_album
from plugins.albums.answers import ALBUM_COLUMNS, album_responses, changed_response
from plugins.albums.contents import link
from plugins.albums.covers import shown_assets
from plugins.albums.members import invite
from plugins.albums.models import Album, AlbumAsset, AlbumUser


def albums(auth: Auth, *, id: str | None = None, name: str | None = None, owned: bool | None = None,
           shared: bool | None = None) -> list[dict]:
    """The albums that the caller is in, newest first.

    name: exactly. owned: only the caller's own, or only others'. shared: only those with other members or a link, or
    only those without.
    """

    def asked(user_id: Any, album_id: Any, album_name: Any) -> Any:
        query = _mine(user_id, *ALBUM_COLUMNS)
        if id:
            query = query.where(Album.id == album_id)
        if name:
            query = query.where(Album.name == album_name)
        if owned is not None:
            is_owner = AlbumUser.role == AlbumUserRole.OWNER
            query = query.where(is_owner if owned else ~is_owner)
        return query

    rows = _albums.rows((bool(id), bool(name), owned), asked, auth.user_id, id, name)
    return album_responses(auth, rows, shared=shared)


_albums = Texts()


def albums_with(auth: Auth, asset_id: str) -> list[dict]:
    """The albums of the caller that hold an asset. As in the original, shared links don't count here."""
    query = _mine(auth.user_id, *ALBUM_COLUMNS).join(AlbumAsset, on=AlbumAsset.album == Album.id).where(
        AlbumAsset.asset == asset_id)
    return album_responses(auth, query.tuples(), links=False)


def statistics(auth: Auth) -> dict:
    """How many albums the caller owns, how many he shares or are shared with him, how many he has for himself."""
    everybody = AlbumUser.alias()
    count = everybody.select(fn.COUNT(everybody.user)).where(everybody.album == Album.id)
    rows = list(_mine(auth.user_id, Album.id, AlbumUser.role, count).tuples())
    linked = answers.linked_albums(auth, [album_id for album_id, *_ in rows])
    owned = [role == AlbumUserRole.OWNER for _, role, _ in rows]
    shared = [answers.is_shared(members, album_id in linked) for album_id, _, members in rows]
    return {"owned": sum(owned), "shared": sum(shared),
            "notShared": sum(mine and not also for mine, also in zip(owned, shared, strict=True))}


def album(auth: Auth, album_id: str) -> dict:
    """One album. Raises NoAccess(album.read)."""
    require_album(auth, album_id, Permission.ALBUM_READ)
    found, = album_responses(auth, Album.select(*ALBUM_COLUMNS).where(Album.id == album_id).tuples())
    if found["shared"]:
        found["contributorCounts"] = answers.contributor_counts(album_id)
    return found


def map_markers(auth: Auth, album_id: str) -> list[dict]:
    """Where the assets of an album were taken, newest first; nothing for a link that hides metadata.

    Raises NoAccess(album.read).
    """
    require_album(auth, album_id, Permission.ALBUM_READ)
    if auth.shared_link is not None and not auth.shared_link.show_metadata:
        return []
    rows = (shown_assets(Asset.id, AssetExif.latitude, AssetExif.longitude, AssetExif.city, AssetExif.state,
                         AssetExif.country)
            .join(AssetExif, on=AssetExif.asset == Asset.id)
            .where(AlbumAsset.album == album_id, AssetExif.latitude.is_null(False), AssetExif.longitude.is_null(False))
            .order_by(Asset.file_created_at.desc(), Asset.id).tuples())
    return [{"id": asset_id, "lat": lat, "lon": lon, "city": city, "state": state, "country": country}
            for asset_id, lat, lon, city, state, country in rows]


def create(auth: Auth, name: str, description: str = "", users: Iterable[tuple[str, AlbumUserRole]] = (),
           asset_ids: Iterable[str] = ()) -> dict:
    """Make an album of the caller's, ordered as he prefers. Assets that he may not share are left out, and so is he
    himself among the users. Raises BadRequest for a second owner or an unknown user."""
    with atomic():
        order = preferences(auth.user_id)["albums"]["defaultAssetOrder"]
        made = Album.create(name=name, description=description, order=order)
        AlbumUser.create(album=made, user=auth.user_id, role=AlbumUserRole.OWNER)
        invite(auth, made.id, [(user_id, role) for user_id, role in users if user_id != auth.user_id])
        if asset_ids := list(asset_ids):
            allowed = reachable(auth, asset_ids, Permission.ASSET_SHARE)
            link([made.id], [asset_id for asset_id in asset_ids if asset_id in allowed])
        return changed_response(auth, made.id)


def update(auth: Auth, album_id: str, changes: Mapping[str, Any]) -> dict:
    """Change name, description, thumbnail_asset, is_activity_enabled, order; what is absent stays.

    Raises NoAccess(album.update), BadRequest for a cover that the album does not show.
    """
    with atomic():
        require_album(auth, album_id, Permission.ALBUM_UPDATE)
        cover = changes.get("thumbnail_asset")
        if cover and not shown_assets().where(AlbumAsset.album == album_id, AlbumAsset.asset == cover).exists():
            raise BadRequest("Invalid album thumbnail")
        if changes:
            Album.update(changes).where(Album.id == album_id).execute()
        return changed_response(auth, album_id)


def delete(auth: Auth, album_id: str) -> None:
    """Delete an album; the assets stay. Raises NoAccess(album.delete)."""
    with atomic():
        require_album(auth, album_id, Permission.ALBUM_DELETE)
        Album.delete().where(Album.id == album_id).execute()


def _mine(user_id: Any, *columns: Any) -> Any:
    return (Album.select(*columns).join(AlbumUser, on=AlbumUser.album == Album.id)
            .where(AlbumUser.user == user_id, Album.deleted_at.is_null())
            .order_by(Album.created_at.desc(), Album.id))
