"""What the memories plugin adds."""

from __future__ import annotations

from functools import partial
from typing import Any

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import LibraryShared
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job, Listener, SharedLibrary, SyncType
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.tracking import Tracked
from plugins.memories import generation, sync
from plugins.memories.models import Memory, MemoryAsset
from plugins.memories.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Tracked]]:
    return [Memory, MemoryAsset]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(JobName.MEMORY_GENERATE, QueueName.BACKGROUND_TASK, generation.generate,
            cron=partial(nightly, "generateMemories")),
        Job(JobName.MEMORY_CLEANUP, QueueName.BACKGROUND_TASK, generation.clean_up,
            cron=partial(nightly, "databaseCleanup")),
    ]


@hookimpl
def register_listeners() -> list[Listener]:
    return [Listener(LibraryShared, "inside", sync.send_again)]


@hookimpl
def register_sync_types(libraries: list[SharedLibrary]) -> list[SyncType]:
    return sync.sync_types(libraries)


@hookimpl
def preference_defaults() -> dict[str, Any]:
    return {"memories": {"enabled": True, "duration": 5}}
