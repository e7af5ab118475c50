"""What the activities plugin adds."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.infra.http.blueprint import Blueprint
from plugins.activities.models import Activity
from plugins.activities.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Activity]]:
    return [Activity]
