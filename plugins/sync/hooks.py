"""What the sync plugin adds."""

from __future__ import annotations

from functools import partial

from flask import Flask

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import HealthCheck, Job, SyncType
from immich_flask.core.jobs.nightly import nightly
from immich_flask.core.runtime import runtime_of
from immich_flask.infra.http.blueprint import Blueprint
from plugins.sync import upkeep
from plugins.sync.core_types import core_types
from plugins.sync.models import SyncCheckpoint
from plugins.sync.routes import bp
from plugins.sync.service import EXTENSION
from plugins.sync.statements import prepared


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[SyncCheckpoint]]:
    return [SyncCheckpoint]


@hookimpl
def register_sync_types() -> list[SyncType]:
    """Those of the core enter like everybody's."""
    return core_types()


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(JobName.AUDIT_TABLE_CLEANUP, QueueName.BACKGROUND_TASK, upkeep.remove_old_tombstones,
                cron=partial(nightly, "databaseCleanup"))]


@hookimpl
def health_checks() -> list[HealthCheck]:
    return [HealthCheck("sync", upkeep.held_back)]


@hookimpl
def startup(app: Flask) -> None:
    plugins = runtime_of(app).plugins
    served = plugins.sync_types
    owner = partial(plugins.owner, "sync type")
    upkeep.check_types(served, owner)
    app.extensions[EXTENSION] = prepared(served, owner)
