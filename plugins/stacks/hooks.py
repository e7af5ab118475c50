"""What the stacks plugin adds."""

from __future__ import annotations

from immich_flask.contracts.events import AssetCopied, AssetsLocked
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import (
    AssetFilter, Listener, LiveEvent, ResponseField, SharedLibrary, SyncType,
)
from immich_flask.infra.http.blueprint import Blueprint
from plugins.stacks import access, listeners, service, sync
from plugins.stacks.events import StackUpdated
from plugins.stacks.models import Stack
from plugins.stacks.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Stack]]:
    return [Stack]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        Listener(AssetCopied, "inside", listeners.on_copied),
        Listener(AssetsLocked, "inside", listeners.on_locked),
    ]


@hookimpl
def register_live_events() -> list[LiveEvent]:
    return [LiveEvent("on_asset_stack_update", StackUpdated, lambda event: [event.owner_id])]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [
        AssetFilter("withStacked", access.folded, key=access.the_same_for_all, leaves_out=access.folded_away),
        AssetFilter("withoutStacked", access.unstacked, key=access.the_same_for_all, leaves_out=access.stacked),
    ]


@hookimpl
def register_sync_types(libraries: list[SharedLibrary]) -> list[SyncType]:
    return sync.sync_types(libraries)


@hookimpl
def response_fields(kind: str, ids: list[str]) -> list[ResponseField]:
    if kind != "asset":
        return []
    return [ResponseField("stack", service.of_assets(ids))]
