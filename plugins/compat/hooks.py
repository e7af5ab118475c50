"""What the compat plugin adds: a module for each feature that is not built."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter
from immich_flask.core.assets.visible import any_of
from immich_flask.core.people import PREFERENCES
from immich_flask.infra.http.blueprint import Blueprint
from plugins.compat import (
    faces,
    libraries,
    maintenance,
    oauth,
    people,
    plugins,
    streaming,
    text,
    workflows,
)


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [
        faces.bp, libraries.bp, maintenance.bp, oauth.bp, oauth.admin_bp, people.bp, plugins.bp, streaming.bp, text.bp,
        workflows.bp,
    ]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    """Nobody is recognised on any asset, and no text is read."""
    return [AssetFilter(name, lambda _value, _auth: any_of([])) for name in ("personId", "personIds", "ocr")]


@hookimpl
def preference_defaults() -> dict[str, dict]:
    """What somebody wishes for people is kept for the day that a plugin serves them."""
    return PREFERENCES
