"""What the albums plugin adds."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetOrder
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter, AssetGrant, Job, Listener, LiveEvent, SyncType
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.tracking import Tracked
from plugins.albums import access, notices
from plugins.albums.events import AlbumUpdated
from plugins.albums.listeners import listeners
from plugins.albums.models import Album, AlbumAsset, AlbumUser
from plugins.albums.routes import bp
from plugins.albums.sync import sync_types


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Tracked]]:
    return [Album, AlbumUser, AlbumAsset]


@hookimpl
def register_listeners() -> list[Listener]:
    return [*listeners(), *notices.listeners()]


@hookimpl
def register_live_events() -> list[LiveEvent]:
    return [LiveEvent("on_album_update", AlbumUpdated, lambda event: event.user_ids, lambda event: [event.album_id])]


@hookimpl
def register_jobs() -> list[Job]:
    return notices.jobs()


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [
        AssetFilter("albumId", access.of_album, effect="scope"),
        AssetFilter("albumIds", access.of_albums, effect="scope"),
        AssetFilter("isNotInAlbum", access.in_no_album),
        AssetFilter("withSharedAlbums", access.of_my_albums, effect="widen"),
    ]


@hookimpl
def register_sync_types() -> list[SyncType]:
    return sync_types()


@hookimpl
def asset_access_rules(auth: Auth, permission: str) -> list[AssetGrant]:
    return access.grants(auth, permission)


@hookimpl
def preference_defaults() -> dict[str, Any]:
    return {"albums": {"defaultAssetOrder": AssetOrder.DESC.value}}
