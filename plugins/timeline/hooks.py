"""What the timeline plugin adds."""

from __future__ import annotations

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.db import Model
from immich_flask.infra.http.blueprint import Blueprint
from plugins.timeline import counts
from plugins.timeline.models import TimelineCount
from plugins.timeline.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Model]]:
    return [TimelineCount]


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(counts.CHECK, QueueName.BACKGROUND_TASK, counts.check, cron=nightly,
                shown_as=JobName.AUDIT_TABLE_CLEANUP)]
