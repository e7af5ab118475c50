"""What the notifications plugin adds."""

from __future__ import annotations

from functools import partial
from typing import Any

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Job, Listener, LiveEvent
from immich_flask.core.jobs.nightly import nightly
from immich_flask.infra.http.blueprint import Blueprint
from plugins.notifications import jobs
from plugins.notifications.events import NotificationCreated
from plugins.notifications.listeners import listeners
from plugins.notifications.models import Notification
from plugins.notifications.routes import admin_bp, bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp, admin_bp]


@hookimpl
def register_models() -> list[type[Notification]]:
    return [Notification]


@hookimpl
def register_jobs() -> list[Job]:
    return [Job(JobName.NOTIFICATIONS_CLEANUP, QueueName.BACKGROUND_TASK, jobs.clean_up,
                cron=partial(nightly, "databaseCleanup"))]


@hookimpl
def register_listeners() -> list[Listener]:
    return listeners()


@hookimpl
def register_live_events() -> list[LiveEvent]:
    return [LiveEvent("on_notification", NotificationCreated, lambda event: [event.user_id],
                      lambda event: [event.notification])]


@hookimpl
def preference_defaults() -> dict[str, Any]:
    """What users want of mail. That the server sends none is told by the flag `email`."""
    return {"emailNotifications": {"enabled": True, "albumInvite": True, "albumUpdate": True}}
