"""What the libraries plugin adds."""

from __future__ import annotations

from flask import Flask

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job, Setting
from immich_flask.core.runtime import runtime_of
from immich_flask.infra.http.blueprint import Blueprint
from plugins.libraries import scanning
from plugins.libraries.folders import SETTING
from plugins.libraries.models import Library
from plugins.libraries.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type[Library]]:
    return [Library]


@hookimpl
def register_settings() -> list[Setting]:
    return [Setting(SETTING, ["/"], "folders in which administrators may make external libraries",
                    scanning.check_folders)]


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(JobName.LIBRARY_SCAN_QUEUE_ALL, QueueName.LIBRARY, scanning.scan_all, cron=scanning.cron),
        Job(JobName.LIBRARY_SYNC_FILES_QUEUE_ALL, QueueName.LIBRARY, scanning.bring_in),
        Job(JobName.LIBRARY_SCAN_ASSETS_QUEUE_ALL, QueueName.LIBRARY, scanning.check),
        Job(JobName.LIBRARY_DELETE, QueueName.LIBRARY, scanning.remove),
    ]


@hookimpl
def startup(app: Flask) -> None:
    """Files of libraries are read from where they are, as far as the operator allows it."""
    runtime = runtime_of(app)
    runtime.storage.allow_outside(runtime.plugins.settings["libraries"][SETTING])
