"""What the tags plugin adds."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import AssetMetadataExtracted, AssetsMerged
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter, Job, Listener, ResponseField
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.http.blueprint import Blueprint
from plugins.tags import access, files, jobs, service, tagging
from plugins.tags.models import Tag, TagAsset, TagClosure
from plugins.tags.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type]:
    return [Tag, TagClosure, TagAsset]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(jobs.CATCH_UP, QueueName.BACKGROUND_TASK, jobs.catch_up, cron=nightly, shown_as=JobName.TAG_CLEANUP),
        Job(JobName.TAG_CLEANUP, QueueName.BACKGROUND_TASK, jobs.clean_up),
    ]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        Listener(AssetMetadataExtracted, "inside", files.on_extracted),
        Listener(AssetsMerged, "inside", tagging.on_merged),
    ]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [AssetFilter("tagId", access.with_tag), AssetFilter("tagIds", access.with_tags, takes_null=True)]


@hookimpl
def response_fields(kind: str, ids: list[str], auth: Auth) -> list[ResponseField]:
    if kind != "asset":
        return []
    return [ResponseField("tags", service.of_assets(auth, ids), missing=())]


@hookimpl
def preference_defaults() -> dict[str, dict]:
    return {"tags": {"enabled": False, "sidebarWeb": False}}
