"""What plugins that require this one may use. To notify somebody none has to: emit `contracts.events.UserNotified`."""

from plugins.notifications.events import NotificationCreated

__all__ = ["NotificationCreated"]
