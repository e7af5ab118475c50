"""What the workflows plugin adds."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.infra.http.blueprint import Blueprint
from plugins.workflows.models import Workflow
from plugins.workflows.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Workflow]]:
    return [Workflow]
