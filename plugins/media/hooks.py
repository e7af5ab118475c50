"""What the media plugin adds: the work that follows an upload, and edits of pictures."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import AssetCreated, AssetMetadataExtracted, AssetsUpdated, JobFailed
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Features, Job, Listener, Setting, SyncType
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.http.blueprint import Blueprint
from plugins.media import commands, queueing, sync
from plugins.media.models import AssetEdit
from plugins.media.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_settings() -> list[Setting]:
    return [Setting("max_megapixels", 256, "pictures with more are kept and served, but get no thumbnail",
                    lambda value: None if value > 0 else "must be positive"),
            Setting("large_at_once", 1, "how many pictures that need much memory the workers of a machine open at once",
                    lambda value: None if value > 0 else "must be positive")]


@hookimpl
def register_commands() -> list[click.Command]:
    return [commands.media]


@hookimpl
def register_models() -> list[type[AssetEdit]]:
    return [AssetEdit]


@hookimpl
def register_sync_types() -> list[SyncType]:
    return sync.sync_types()


@hookimpl
def register_jobs() -> list[Job]:
    # The jobs bring Pillow's plugins and FFmpeg into memory, so they are imported when the first one runs.
    return [
        Job(JobName.ASSET_EXTRACT_METADATA, QueueName.METADATA_EXTRACTION, queueing.run_extraction),
        Job(JobName.ASSET_GENERATE_THUMBNAILS, QueueName.THUMBNAIL_GENERATION, queueing.run_thumbnails),
        Job(JobName.ASSET_EDIT_THUMBNAIL_GENERATION, QueueName.EDITOR, queueing.run_edits),
        Job(JobName.SIDECAR_WRITE, QueueName.SIDECAR, queueing.run_sidecar),
        Job(JobName.SIDECAR_QUEUE_ALL, QueueName.SIDECAR, queueing.queue_sidecars),
        Job(JobName.ASSET_EXTRACT_METADATA_QUEUE_ALL, QueueName.METADATA_EXTRACTION, queueing.queue_extraction),
        Job(JobName.ASSET_GENERATE_THUMBNAILS_QUEUE_ALL, QueueName.THUMBNAIL_GENERATION, queueing.queue_thumbnails,
            cron=partial(nightly, "missingThumbnails")),
    ]


@hookimpl
def register_listeners() -> list[Listener]:
    return [
        Listener(AssetCreated, "inside", queueing.on_created),
        Listener(AssetMetadataExtracted, "inside", queueing.on_extracted),
        Listener(AssetsUpdated, "inside", queueing.on_updated),
        Listener(JobFailed, "inside", queueing.on_failed),
    ]


@hookimpl
def server_features(config: Any) -> Features:
    return Features({"sidecar": True})
