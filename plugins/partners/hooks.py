"""What the partners plugin adds."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter, AssetGrant
from immich_flask.infra.http.blueprint import Blueprint
from plugins.partners import access
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
        AssetFilter("userId", access.timeline_of, effect="scope"),
        AssetFilter("withPartners", access.in_timeline, effect="widen"),
    ]


@hookimpl
def asset_access_rules(auth: Auth, permission: str) -> list[AssetGrant]:
    return access.grants(auth)
