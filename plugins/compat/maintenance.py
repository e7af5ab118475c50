"""The maintenance mode, in which an Immich restores its database: this server never is in it."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum, Issue, Schema, StrictStr
from plugins.compat.answers import always, never


class MaintenanceAction(StrEnum):
    START = "start"
    END = "end"
    SELECT_DATABASE_RESTORE = "select_database_restore"
    RESTORE_DATABASE = "restore_database"


class StorageFolder(StrEnum):
    ENCODED_VIDEO = "encoded-video"
    LIBRARY = "library"
    UPLOAD = "upload"
    PROFILE = "profile"
    THUMBS = "thumbs"
    BACKUPS = "backups"


class SetMaintenanceMode(Schema):
    action = Enum(MaintenanceAction, required=True)
    restoreBackupFilename = StrictStr()

    @validates_schema
    def names_a_backup(self, data: dict, **_: Any) -> None:
        if data["action"] == MaintenanceAction.RESTORE_DATABASE and not data.get("restoreBackupFilename"):
            raise ValidationError(Issue("Backup filename is required when action is restore_database"),
                                  "restoreBackupFilename")


class MaintenanceLogin(Schema):
    token = StrictStr()


class MaintenanceAuth(Schema):
    username = fields.String(required=True)


class MaintenanceStatusResponse(Schema):
    active = fields.Boolean(required=True)
    action = Enum(MaintenanceAction, required=True)
    progress = fields.Integer()
    task = fields.String()
    error = fields.String()


class MaintenanceDetectInstallStorageFolder(Schema):
    folder = Enum(StorageFolder, required=True)
    readable = fields.Boolean(required=True)
    writable = fields.Boolean(required=True)
    files = fields.Integer(required=True)


class MaintenanceDetectInstallResponse(Schema):
    storage = fields.List(fields.Nested(MaintenanceDetectInstallStorageFolder), required=True)


bp = Blueprint("compat_maintenance", __name__, url_prefix="/admin/maintenance", tag="Maintenance (admin)")

always(bp, "GET", "/status", "getMaintenanceStatus", {"active": False, "action": MaintenanceAction.END}, login=False,
       answer=MaintenanceStatusResponse)
always(bp, "GET", "/detect-install", "detectPriorInstall", {"storage": []}, admin=True,
       permission=Permission.MAINTENANCE, answer=MaintenanceDetectInstallResponse)
never(bp, "POST", "/login", "maintenanceLogin", partial(BadRequest, "Not in maintenance mode"), login=False,
      body=MaintenanceLogin, answer=MaintenanceAuth, status=201)


@bp.operation("POST", "", "setMaintenanceMode", admin=True, permission=Permission.MAINTENANCE, body=SetMaintenanceMode,
              status=201)
def set_maintenance_mode(body: dict) -> None:
    if body["action"] != MaintenanceAction.END:
        raise BadRequest("The maintenance mode is not built into this server")
