"""Backups of the database by the server itself: there are none. (What to do instead: `docs/compat.md`.)"""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.models import User
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import List, Schema, StrictStr
from plugins.compat.answers import always, never, not_built


class DatabaseBackup(Schema):
    filename = fields.String(required=True)
    filesize = fields.Integer(required=True)
    timezone = fields.String(required=True)


class DatabaseBackupListResponse(Schema):
    backups = fields.List(fields.Nested(DatabaseBackup), required=True)


class DatabaseBackupUpload(Schema):
    file = fields.Raw(metadata={"type": "string", "format": "binary"})


class DatabaseBackupDelete(Schema):
    backups = List(StrictStr(), required=True)


bp = Blueprint("compat_backups", __name__, url_prefix="/admin/database-backups", tag="Database Backups (admin)")

always(bp, "GET", "", "listDatabaseBackups", {"backups": []}, admin=True, permission=Permission.MAINTENANCE,
       answer=DatabaseBackupListResponse)
never(bp, "GET", "/{filename}", "downloadDatabaseBackup", NotFound, admin=True, permission=Permission.BACKUP_DOWNLOAD,
      path={"filename": StrictStr(pattern=r"^[a-zA-Z0-9_\-.]+$")}, content_type="application/octet-stream")
never(bp, "POST", "/upload", "uploadDatabaseBackup", not_built("Database backups"), admin=True,
      permission=Permission.BACKUP_UPLOAD, upload=DatabaseBackupUpload, status=201)


@bp.operation("DELETE", "", "deleteDatabaseBackup", admin=True, permission=Permission.BACKUP_DELETE,
              body=DatabaseBackupDelete)
def delete_database_backup(body: dict) -> None:
    if body["backups"]:
        raise NotFound("Backup not found")


@bp.operation("POST", "/start-restore", "startDatabaseRestoreFlow", login=False, status=201)
def start_database_restore_flow() -> None:
    if User.select().where(User.is_admin).exists():
        raise BadRequest("The server already has an admin")
    raise not_built("Database backups")()
