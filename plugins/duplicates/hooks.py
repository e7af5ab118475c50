"""What the duplicates plugin adds."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.infra.http.blueprint import Blueprint
from plugins.duplicates.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]
