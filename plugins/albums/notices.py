"""What members of an album are told: that they were invited, and that something new is in it
(server/src/services/notification.service.ts). Who keeps the notifications, if anybody does, is not known here."""

from __future__ import annotations

from datetime import timedelta

import orjson

from immich_flask.contracts.enums import JobName, NotificationLevel, NotificationType, QueueName
from immich_flask.contracts.events import UserNotified
from immich_flask.contracts.plugin import Job, Listener
from immich_flask.core.events import emit
from immich_flask.core.jobs import enqueue_many
from immich_flask.core.models import User
from immich_flask.infra.db import atomic
from plugins.albums.events import AlbumInvited, AlbumUpdated
from plugins.albums.models import Album, AlbumUser

DELAY = timedelta(minutes=5)
"""Between the first new asset and the notification: who uploads a hundred pictures is not news a hundred times."""


def listeners() -> list[Listener]:
    return [Listener(AlbumInvited, "inside", _invited), Listener(AlbumUpdated, "inside", _updated)]


def jobs() -> list[Job]:
    return [Job(JobName.NOTIFY_ALBUM_UPDATE, QueueName.NOTIFICATIONS, tell_of_update)]


def tell_of_update(album_id: str, user_id: str) -> None:
    """Job `NotifyAlbumUpdate`: tell a member that there is something new, if he still is one."""
    album = (Album.select(Album.name).join(AlbumUser, on=AlbumUser.album == Album.id)
             .where(Album.id == album_id, Album.deleted_at.is_null(), AlbumUser.user == user_id).tuples().first())
    if album is None:
        return
    with atomic():
        emit(UserNotified(user_id, NotificationType.ALBUM_UPDATE, NotificationLevel.INFO, "Shared Album Update",
                          f"New media has been added to the album ({album[0]})", _data(album_id)))


def _invited(event: AlbumInvited) -> None:
    (album,), (sender,) = (model.select(model.name).where(model.id == row_id).tuples().get()
                           for model, row_id in ((Album, event.album_id), (User, event.sender_id)))
    emit(UserNotified(event.user_id, NotificationType.ALBUM_INVITE, NotificationLevel.SUCCESS,
                      "Shared Album Invitation", f"{sender} shared an album ({album}) with you", _data(event.album_id)))


def _updated(event: AlbumUpdated) -> None:
    enqueue_many(JobName.NOTIFY_ALBUM_UPDATE, [{"album_id": event.album_id, "user_id": user_id}
                                               for user_id in event.recipient_ids], unless_waiting=True, delay=DELAY)


def _data(album_id: str) -> str:
    """JSON as text: so it is on the wire, and so clients read it."""
    return orjson.dumps({"albumId": album_id}).decode()
