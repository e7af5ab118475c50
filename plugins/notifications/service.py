"""Telling users things, and what they do with it (server/src/services/notification.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import NotificationLevel, NotificationType
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.events import emit
from immich_flask.core.models import User
from immich_flask.infra.db import atomic, many
from immich_flask.infra.fields import now, wire
from immich_flask.infra.sql import for_key_share
from plugins.notifications.events import NotificationCreated
from plugins.notifications.models import Notification

COLUMNS = (
    Notification.id, wire(Notification.created_at), Notification.level, Notification.type, Notification.title,
    Notification.description, Notification.data, wire(Notification.read_at),
)

NAMES = ("id", "createdAt", "level", "type", "title", "description", "data", "readAt")
"""Of `COLUMNS`, on the wire."""


def notify(user_id: str, *, type: NotificationType, level: NotificationLevel, title: str,
           description: str | None = None, data: Any = None, subject: str | None = None) -> dict | None:
    """Tell a user something; the notification as the wire has it, None when there is no such user. `data` is JSON,
    `subject` what it is about, for whoever looks for repetitions."""
    with atomic():
        if not list(for_key_share(User.select(User.id).where(User.id == user_id, User.deleted_at.is_null())).tuples()):
            return None
        made = Notification.create(user=user_id, type=type, level=level, title=title, description=description,
                                   data=data, subject=subject)
        notification, = _answers(Notification.id == made.id)
        emit(NotificationCreated(user_id, notification))
    return notification


def create(user_id: str, **values: Any) -> dict:
    """`notify` by an administrator's hand. Raises BadRequest when there is no such user."""
    made = notify(user_id, **values)
    if made is None:
        raise BadRequest("User not found")
    return made


def notifications(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """What the caller was told, newest first. query: any of `id`, `level`, `type`, `unread`; the last when true."""
    conditions = [column == query[name] for name, column in (
        ("id", Notification.id), ("level", Notification.level), ("type", Notification.type)) if name in query]
    if query.get("unread"):
        conditions.append(Notification.read_at.is_null())
    return _answers(Notification.user == auth.user_id, Notification.deleted_at.is_null(), *conditions)


def notification(auth: Auth, notification_id: str) -> dict:
    """One of them. Raises NoAccess(notification.read), BadRequest when it is deleted."""
    _require(auth, [notification_id], Permission.NOTIFICATION_READ)
    return _existing(notification_id)


def update(auth: Auth, notification_id: str, changes: Mapping[str, Any]) -> dict:
    """Set `read_at`, or take it away; nothing happens without it. Raises NoAccess(notification.update), BadRequest when
    it is deleted."""
    with atomic():
        _require(auth, [notification_id], Permission.NOTIFICATION_UPDATE)
        if changes:
            Notification.update(changes).where(Notification.id == notification_id).execute()
        return _existing(notification_id)


def update_many(auth: Auth, ids: Iterable[str], changes: Mapping[str, Any]) -> None:
    """The same for several, deleted or not. Raises NoAccess(notification.update) unless all are the caller's."""
    ids = list(ids)
    with atomic():
        _require(auth, ids, Permission.NOTIFICATION_UPDATE)
        if changes:
            Notification.update(changes).where(Notification.id.in_(many(ids))).execute()


def delete_many(auth: Auth, ids: Iterable[str]) -> None:
    """Delete notifications; again does no harm. Raises NoAccess(notification.delete) unless all are the caller's."""
    ids = list(ids)
    with atomic():
        _require(auth, ids, Permission.NOTIFICATION_DELETE)
        (Notification.update(deleted_at=now())
         .where(Notification.id.in_(many(ids)), Notification.deleted_at.is_null()).execute())


def _require(auth: Auth, ids: Iterable[str], permission: str) -> None:
    wanted = set(ids)
    mine = Notification.select().where(Notification.id.in_(many(wanted)), Notification.user == auth.user_id).count()
    if mine < len(wanted):
        raise NoAccess(permission)


def _existing(notification_id: str) -> dict:
    found = _answers(Notification.id == notification_id, Notification.deleted_at.is_null())
    if not found:
        raise BadRequest("Notification not found")
    return found[0]


def _answers(*conditions: Any) -> list[dict]:
    """Newest first; what is not set is left out."""
    rows = (Notification.select(*COLUMNS).where(*conditions)
            .order_by(Notification.created_at.desc(), Notification.id).tuples())
    return [{name: value for name, value in zip(NAMES, row, strict=True) if value is not None} for row in rows]
