"""What the backups plugin adds."""

from __future__ import annotations

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job
from immich_flask.infra.http.blueprint import Blueprint
from plugins.backups import service
from plugins.backups.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(JobName.DATABASE_BACKUP, QueueName.BACKUP_DATABASE, service.back_up, cron=service.when, retries=1)]
