"""What the download plugin adds."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.infra.http.blueprint import Blueprint
from plugins.download.parts import DEFAULT_SIZE
from plugins.download.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def preference_defaults() -> dict[str, Any]:
    return {"download": {"archiveSize": DEFAULT_SIZE, "includeEmbeddedVideos": False}}
