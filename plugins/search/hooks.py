"""What the search plugin adds."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import AssetMetadataExtracted, AssetsUpdated
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Features, Job, Listener
from immich_flask.infra.db import Model
from immich_flask.infra.http.blueprint import Blueprint
from plugins.search import index
from plugins.search.models import SearchStale, SearchText
from plugins.search.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Model]]:
    return [SearchText, SearchStale]


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(index.REFRESH, QueueName.SEARCH, index.refresh, shown_as=JobName.SMART_SEARCH_QUEUE_ALL)]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        Listener(AssetMetadataExtracted, "inside", index.on_extracted),
        Listener(AssetsUpdated, "inside", index.on_updated),
    ]


@hookimpl
def server_features(config: Any) -> Features:
    return Features({"search": True})
