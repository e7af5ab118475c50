"""What the shared links plugin adds."""

from __future__ import annotations

from typing import Any

from flask import Request

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetGrant, Listener, PageTags, ResponseField
from immich_flask.infra.db import Model
from immich_flask.infra.http.blueprint import Blueprint
from plugins.shared_links import access, pages
from plugins.shared_links.contents import linked_albums
from plugins.shared_links.listeners import listeners
from plugins.shared_links.models import SharedLink, SharedLinkAsset
from plugins.shared_links.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Model]]:
    return [SharedLink, SharedLinkAsset]


@hookimpl
def register_listeners() -> list[Listener]:
    return listeners()


@hookimpl
def authenticate(request: Request) -> Auth | None:
    return access.authenticate(request)


@hookimpl
def asset_access_rules(auth: Auth, permission: str) -> list[AssetGrant]:
    return access.grants(auth, permission)


@hookimpl
def response_fields(kind: str, ids: list[str], auth: Auth) -> list[ResponseField]:
    return [ResponseField("hasSharedLink", dict.fromkeys(linked_albums(ids), True), False)] if kind == "album" else []


@hookimpl
def page_tags(path: str) -> PageTags | None:
    return pages.page_tags(path)


@hookimpl
def preference_defaults() -> dict[str, Any]:
    return {"sharedLinks": {"enabled": True, "sidebarWeb": False}}
