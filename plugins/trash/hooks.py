"""What the trash plugin adds."""

from __future__ import annotations

from functools import partial
from typing import Any

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Features, Job
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.http.blueprint import Blueprint
from plugins.trash import service
from plugins.trash.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(JobName.ASSET_DELETE_CHECK, QueueName.BACKGROUND_TASK, service.give_up_expired,
            cron=partial(nightly, "databaseCleanup")),
        Job(service.REMOVE, QueueName.BACKGROUND_TASK, service.remove_given_up, shown_as=JobName.ASSET_DELETE),
    ]


@hookimpl
def server_features(config: Any) -> Features:
    return Features({"trash": config["trash"]["enabled"]})
