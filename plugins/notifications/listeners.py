"""What users are told by themselves: what other plugins emit, and administrators that background work has failed."""

from __future__ import annotations

from datetime import timedelta

from immich_flask.contracts.enums import NotificationLevel, NotificationType
from immich_flask.contracts.events import JobFailed, UserNotified
from immich_flask.contracts.plugin import Listener
from immich_flask.core.models import User
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.infra.sql import for_update
from plugins.notifications import service
from plugins.notifications.models import Notification

QUIET = timedelta(hours=1)
"""How long an administrator hears of one job only once: when the disk is full, every picture fails."""

ERROR_CHARACTERS = 500


def listeners() -> list[Listener]:
    return [Listener(UserNotified, "inside", _notify), Listener(JobFailed, "after", _tell_administrators)]


def _notify(event: UserNotified) -> None:
    service.notify(event.user_id, type=event.type, level=event.level, title=event.title, description=event.description,
                   data=event.data)


def _tell_administrators(event: JobFailed) -> None:
    with atomic():
        # Held, so that of several workers that fail at once one tells.
        administrators = User.select(User.id).where(User.is_admin, User.deleted_at.is_null()).order_by(User.id)
        ids = {user_id for user_id, in for_update(administrators).tuples()}
        told = Notification.select(Notification.user).where(
            Notification.subject == event.name, Notification.type == NotificationType.JOB_FAILED,
            Notification.created_at > now() - QUIET).tuples()
        for user_id in sorted(ids - {user_id for user_id, in told}):
            service.notify(
                user_id, type=NotificationType.JOB_FAILED, level=NotificationLevel.ERROR, title="Job failed",
                description=f"{event.name} failed: {event.error[:ERROR_CHARACTERS]}", subject=event.name)
