"""Routes of `/api/notifications`, and of `/api/admin/notifications`."""

from __future__ import annotations

from typing import NoReturn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import StrictStr
from plugins.notifications import schemas, service

bp = Blueprint("notifications", __name__, url_prefix="/notifications", tag="Notifications")

admin_bp = Blueprint("admin_notifications", __name__, url_prefix="/admin/notifications", tag="Notifications (admin)")


@bp.operation("GET", "", "getNotifications", permission=Permission.NOTIFICATION_READ, query=schemas.NotificationSearch,
              answer=schemas.Notification(many=True))
def get_notifications(auth: Auth, query: dict) -> list[dict]:
    return service.notifications(auth, query)


@bp.operation("PUT", "", "updateNotifications", permission=Permission.NOTIFICATION_UPDATE,
              body=schemas.NotificationUpdateAll, status=204)
def update_notifications(auth: Auth, body: dict) -> None:
    service.update_many(auth, body.pop("ids"), body)


@bp.operation("DELETE", "", "deleteNotifications", permission=Permission.NOTIFICATION_DELETE,
              body=schemas.NotificationDeleteAll, status=204)
def delete_notifications(auth: Auth, body: dict) -> None:
    service.delete_many(auth, body["ids"])


@bp.operation("GET", "/{id}", "getNotification", permission=Permission.NOTIFICATION_READ, answer=schemas.Notification)
def get_notification(auth: Auth, id: str) -> dict:
    return service.notification(auth, id)


@bp.operation("PUT", "/{id}", "updateNotification", permission=Permission.NOTIFICATION_UPDATE,
              body=schemas.NotificationUpdate, answer=schemas.Notification)
def update_notification(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deleteNotification", permission=Permission.NOTIFICATION_DELETE, status=204)
def delete_notification(auth: Auth, id: str) -> None:
    service.delete_many(auth, [id])


@admin_bp.operation("POST", "", "createNotification", admin=True, body=schemas.NotificationCreate,
                    answer=schemas.Notification, status=201)
def create_notification(body: dict) -> dict:
    return service.create(body["userId"], type=body["type"], level=body["level"], title=body["title"],
                          description=body.get("description"), data=body.get("data"))


@admin_bp.operation("POST", "/templates/{name}", "getNotificationTemplateAdmin", admin=True,
                    path={"name": StrictStr(required=True)}, body=schemas.Template, answer=schemas.TemplateResponse)
def get_notification_template(name: str, body: dict) -> NoReturn:
    raise _no_mail()


@admin_bp.operation("POST", "/test-email", "sendTestEmailAdmin", admin=True, body=schemas.SystemConfigSmtp,
                    answer=schemas.TestEmailResponse)
def send_test_email(body: dict) -> NoReturn:
    raise _no_mail()


def _no_mail() -> BadRequest:
    return BadRequest("This server sends no e-mail")
