"""Old notifications go (server/src/repositories/notification.repository.ts)."""

from __future__ import annotations

from datetime import timedelta

from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from plugins.notifications.models import Notification

DELETED_KEPT = timedelta(days=3)

READ_KEPT = timedelta(days=15)
"""Since they were made; and in any case for `JUST_READ` since they were read."""

JUST_READ = timedelta(days=2)

UNREAD_KEPT = timedelta(days=30)


def clean_up() -> None:
    """Job `NotificationsCleanup`: remove what was deleted, read long ago, or never read."""
    moment = now()
    deleted = Notification.deleted_at < moment - DELETED_KEPT
    read = (Notification.read_at < moment - JUST_READ) & (Notification.created_at < moment - READ_KEPT)
    unread = Notification.read_at.is_null() & (Notification.created_at < moment - UNREAD_KEPT)
    with atomic():
        Notification.delete().where(deleted | read | unread).execute()
