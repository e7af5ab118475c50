"""What the people plugin adds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import (
    AssetEdited,
    AssetMetadataExtracted,
    AssetReady,
    AssetsDeleted,
    AssetsLocked,
    AssetsMerged,
    AssetsRestored,
    AssetsUpdated,
    PersonThumbnailReady,
)
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import (
    AssetFilter,
    Features,
    Job,
    Listener,
    LiveEvent,
    ResponseField,
    StoredObjects,
    SyncType,
)
from immich_flask.core.jobs.nightly import nightly
from immich_flask.core.people import PREFERENCES
from immich_flask.infra.http.blueprint import Blueprint
from plugins.people import access, answers, files, jobs, listeners, service, sync
from plugins.people.models import AssetFace, Person
from plugins.people.routes import bp, faces_bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp, faces_bp]


@hookimpl
def register_models() -> list[type]:
    return [Person, AssetFace]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(JobName.PERSON_GENERATE_THUMBNAIL, QueueName.THUMBNAIL_GENERATION, jobs.run_thumbnail),
        Job(JobName.PERSON_CLEANUP, QueueName.BACKGROUND_TASK, jobs.clean_up, cron=partial(nightly, "databaseCleanup")),
    ]


@hookimpl
def register_stored_objects() -> list[StoredObjects]:
    return [StoredObjects("people", lambda ids: Person.select(Person.thumbnail_key).where(Person.id.in_(ids)))]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        *(Listener(event, "inside", listeners.on_taken_away) for event in (AssetsLocked, AssetsDeleted)),
        *(Listener(event, "inside", listeners.on_given_back) for event in (AssetsUpdated, AssetsRestored)),
        Listener(AssetReady, "inside", listeners.on_ready),
        Listener(AssetEdited, "inside", listeners.on_edited),
        Listener(AssetsMerged, "inside", listeners.on_merged),
        Listener(AssetMetadataExtracted, "inside", files.on_extracted),
    ]


@hookimpl
def register_live_events() -> list[LiveEvent]:
    return [LiveEvent("on_person_thumbnail", PersonThumbnailReady, lambda event: [event.owner_id],
                      lambda event: [event.person_id])]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [AssetFilter("personId", access.with_person), AssetFilter("personIds", access.with_people),
            AssetFilter("withoutHiddenPeople", access.without_hidden)]


@hookimpl
def register_sync_types() -> list[SyncType]:
    return sync.sync_types()


@hookimpl
def response_fields(kind: str, ids: list[str], auth: Auth) -> list[ResponseField]:
    if kind != "asset":
        return []
    return [ResponseField("people", answers.of_assets(auth, ids), missing=())]


@hookimpl
def find_named(kind: str, query: Mapping[str, Any], auth: Auth) -> list[dict]:
    return service.named(auth, query) if kind == "person" else []


@hookimpl
def server_features(config: Any) -> Features:
    return Features({"importFaces": config["metadata"]["faces"]["import"]})


@hookimpl
def preference_defaults() -> dict[str, dict]:
    return PREFERENCES
