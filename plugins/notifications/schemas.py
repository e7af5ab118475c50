"""What `/api/notifications` and `/api/admin/notifications` take and give."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import NotificationLevel, NotificationType
from immich_flask.infra.http.schemas import (
    DateTime,
    Enum,
    List,
    Nested,
    QueryBool,
    Record,
    Schema,
    StrictBool,
    StrictInteger,
    StrictStr,
    UUIDv4,
)


class NotificationSearch(Schema):
    id = UUIDv4()
    level = Enum(NotificationLevel)
    type = Enum(NotificationType)
    unread = QueryBool()


class NotificationUpdate(Schema):
    readAt = DateTime(allow_none=True, attribute="read_at")


class NotificationUpdateAll(Schema):
    ids = List(UUIDv4(), required=True, min_length=1)
    readAt = DateTime(allow_none=True, attribute="read_at")


class NotificationDeleteAll(Schema):
    ids = List(UUIDv4(), required=True, min_length=1)


class NotificationCreate(Schema):
    level = Enum(NotificationLevel, load_default=NotificationLevel.INFO)
    type = Enum(NotificationType, load_default=NotificationType.CUSTOM)
    title = StrictStr(required=True)
    description = StrictStr(allow_none=True)
    data = Record()
    # Checked, and then left aside, as on the real server: what is new is unread.
    readAt = DateTime(allow_none=True)
    userId = UUIDv4(required=True)


class Notification(Schema):
    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    level = Enum(NotificationLevel, required=True)
    type = Enum(NotificationType, required=True)
    title = fields.String(required=True)
    description = fields.String()
    data = fields.Dict()
    readAt = DateTime()


class Template(Schema):
    template = StrictStr(required=True)


class TemplateResponse(Schema):
    name = fields.String(required=True)
    html = fields.String(required=True)


class SystemConfigSmtpTransport(Schema):
    ignoreCert = StrictBool(required=True)
    host = StrictStr(required=True)
    port = StrictInteger(required=True, min=0, max=65535)
    secure = StrictBool(required=True)
    username = StrictStr(required=True)
    password = StrictStr(required=True)


class SystemConfigSmtp(Schema):
    enabled = StrictBool(required=True)
    from_ = StrictStr(required=True, data_key="from")
    replyTo = StrictStr(required=True)
    transport = Nested(SystemConfigSmtpTransport, required=True)


class TestEmailResponse(Schema):
    messageId = fields.String(required=True)
