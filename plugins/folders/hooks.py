"""What the folders plugin adds."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.infra.http.blueprint import Blueprint
from plugins.folders.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def preference_defaults() -> dict[str, dict]:
    return {"folders": {"enabled": False, "sidebarWeb": False}}
