"""What the partners plugin adds."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter, AssetGrant, SharedLibrary, SyncType
from immich_flask.infra.http.blueprint import Blueprint
from plugins.partners import access, sync
from plugins.partners.models import Partner
from plugins.partners.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Partner]]:
    return [Partner]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [
        AssetFilter("userId", access.timeline_of, effect="scope", owners=access.sharer),
        AssetFilter("withPartners", access.with_partners, effect="widen", key=access.shown_partners,
                    owners=access.shown_partners),
    ]


@hookimpl
def asset_access_rules(auth: Auth, permission: str) -> list[AssetGrant]:
    return access.grants(auth)


@hookimpl
def register_shared_libraries() -> list[SharedLibrary]:
    return [sync.LIBRARY]


@hookimpl
def register_sync_types() -> list[SyncType]:
    return sync.sync_types()
