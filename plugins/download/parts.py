"""Which assets a download holds, and how they are parted into archives (server/src/services/download.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.filters import plugin_conditions
from immich_flask.core.assets.keys import is_cut_out
from immich_flask.core.assets.visible import require, select_assets, visible
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.users.preferences import preferences
from immich_flask.infra.db import many
from immich_flask.infra.sql import raw_rows

DEFAULT_SIZE = 4 * 1024**3
"""Bytes of an archive when the client does not say; clients send what their user prefers."""


def info(auth: Auth, *, asset_ids: list[str] | None = None, album_id: str | None = None, user_id: str | None = None,
         archive_size: int = DEFAULT_SIZE) -> dict:
    """`DownloadResponse` for the first that is given: some assets, an album, or all that is the caller's. Each archive
    is full once it has passed `archive_size` bytes.

    Assets in the trash are left out. The moving parts of live photos come last; those that were cut out of their photo,
    which holds them, only for who prefers that.

    Raises NoAccess(asset.download), NoAccess(album.download), NoAccess(timeline.download), and BadRequest when nothing
    is given.
    """
    if asset_ids is not None:
        require(auth, asset_ids, Permission.ASSET_DOWNLOAD)
        # Not asked once more for each: that takes as long as all the rest.
        found = _listed(select_assets(*_COLUMNS), Asset.id.in_(many(asset_ids)))
    elif album_id is not None:
        found = _downloads(auth, *_in_album(auth, album_id))
    elif user_id is not None:
        if user_id != auth.user_id or auth.shared_link is not None:
            raise NoAccess(Permission.TIMELINE_DOWNLOAD)
        found = _downloads(auth, Asset.owner == user_id, Asset.visibility != AssetVisibility.HIDDEN)
    else:
        raise BadRequest("assetIds, albumId, or userId is required")
    chosen = {asset_id: size for asset_id, size, *_ in found}
    films = {film for _, _, film, _ in found if film is not None} - chosen.keys()
    return parted({**chosen, **_films(auth, films)}, archive_size)


_COLUMNS = (Asset.id, AssetExif.file_size_in_byte, Asset.live_photo_video, Asset.storage_key)


def _downloads(auth: Auth, *conditions: Any) -> list[tuple]:
    """`_COLUMNS` of what the caller may download, oldest first."""
    return _listed(visible(auth, Permission.ASSET_DOWNLOAD, *_COLUMNS), *conditions)


def _listed(query: Any, *conditions: Any) -> list[tuple]:
    return raw_rows(query.join(AssetExif).where(Asset.deleted_at.is_null(), *conditions)
                    .order_by(Asset.file_created_at, Asset.id))


def _in_album(auth: Auth, album_id: str) -> list[Any]:
    """The conditions for what an album holds. Raises NoAccess."""
    if auth.shared_link is not None and not auth.shared_link.allow_download:
        raise NoAccess(Permission.ALBUM_DOWNLOAD)
    try:
        return plugin_conditions(auth, {"albumId": album_id}, permission=Permission.ALBUM_DOWNLOAD)
    except NoAccess as error:
        # Whoever may read an album may download it: the filter asks for the former.
        raise NoAccess(Permission.ALBUM_DOWNLOAD) from error


def _films(auth: Auth, ids: Iterable[str]) -> dict[str, int]:
    """Bytes by id of those moving parts that are wanted."""
    if not ids:
        return {}
    embedded_too = preferences(auth.user_id)["download"]["includeEmbeddedVideos"]
    return {film: size for film, size, _, key in _downloads(auth, Asset.id.in_(many(ids)))
            if embedded_too or not is_cut_out(key)}


def parted(sizes: Mapping[str, int | None], limit: int) -> dict:
    """`DownloadResponse` for assets with these bytes, in their order."""
    archives: list[dict] = []
    open_one: dict | None = None
    for asset_id, size in sizes.items():
        if open_one is None:
            archives.append(open_one := {"size": 0, "assetIds": []})
        open_one["assetIds"].append(asset_id)
        open_one["size"] += size or 0
        if open_one["size"] > limit:
            open_one = None
    return {"totalSize": sum(archive["size"] for archive in archives), "archives": archives}
