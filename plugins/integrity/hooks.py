"""What the integrity plugin adds."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job
from immich_flask.infra.http.blueprint import Blueprint
from plugins.integrity import jobs
from plugins.integrity.models import IntegrityReport
from plugins.integrity.routes import bp

QUEUE = QueueName.INTEGRITY_CHECK


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[IntegrityReport]]:
    return [IntegrityReport]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(JobName.INTEGRITY_MISSING_FILES_QUEUE_ALL, QUEUE, jobs.look_for_missing,
            cron=partial(jobs.when, "missingFiles")),
        Job(JobName.INTEGRITY_UNTRACKED_FILES_QUEUE_ALL, QUEUE, jobs.look_for_untracked,
            cron=partial(jobs.when, "untrackedFiles")),
        Job(JobName.INTEGRITY_CHECKSUM_FILES, QUEUE, jobs.look_for_damaged, cron=partial(jobs.when, "checksumFiles")),
        Job(JobName.INTEGRITY_DELETE_REPORT_TYPE, QUEUE, jobs.deal_with_all),
    ]
