"""What the map plugin adds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from flask import Flask

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.events import AssetMetadataExtracted, AssetsUpdated, ConfigUpdated
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Features, Job, Listener
from immich_flask.infra.http.blueprint import Blueprint
from plugins.map import geocoding
from plugins.map.places import PACKAGE
from plugins.map.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(geocoding.FILL_IN, QueueName.BACKGROUND_TASK, geocoding.fill_in, cron=geocoding.when,
                shown_as=JobName.ASSET_EXTRACT_METADATA_QUEUE_ALL)]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        Listener(AssetMetadataExtracted, "inside", geocoding.on_extracted),
        Listener(AssetsUpdated, "inside", geocoding.on_updated),
        Listener(ConfigUpdated, "after", geocoding.on_config),
    ]


@hookimpl
def find_named(kind: str, query: Mapping[str, Any]) -> list[dict]:
    return geocoding.places_called(query["name"]) if kind == "place" else []


@hookimpl
def server_features(config: Any) -> Features:
    return Features({"map": config["map"]["enabled"], "reverseGeocoding": config["reverseGeocoding"]["enabled"]})


@hookimpl
def check_config() -> None:
    if find_spec(PACKAGE) is None:
        raise ConfigError(f"the plugin map takes the names of places from the Python package {PACKAGE}, which is not "
                          f"installed; install it, or add map to plugins.disabled")


@hookimpl
def startup(app: Flask) -> None:
    geocoding.init(app)
