"""What happens to notifications, for other plugins (through `plugins.notifications.api`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from immich_flask.contracts.events import Event


@dataclass(frozen=True, slots=True)
class NotificationCreated(Event):
    """A user has a new notification; `notification` is what `GET /notifications/{id}` answers."""

    user_id: str
    notification: dict[str, Any]
