"""Routes of `/api/admin/database-backups`."""

from __future__ import annotations

from typing import NoReturn

from flask import Response, request

from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.backup import kept
from immich_flask.core.models import User
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.delivery import send_object
from immich_flask.infra.http.multipart import FilePart, MultipartError, read_parts
from immich_flask.infra.http.schemas import StrictStr
from immich_flask.infra.storage.base import ObjectNotFound
from plugins.backups import schemas, service

bp = Blueprint("backups", __name__, url_prefix="/admin/database-backups", tag="Database Backups (admin)")

# A name with a slash is a bad name, not another route.
FILENAME = StrictStr(required=True, pattern=r"^[a-zA-Z0-9_\-.]+$", metadata={"slashes": True})

CACHE_CONTROL = "private, no-cache, no-transform"


@bp.operation("GET", "", "listDatabaseBackups", permission=Permission.MAINTENANCE, admin=True,
              answer=schemas.DatabaseBackupListResponse)
def list_database_backups() -> dict:
    return {"backups": service.all_backups()}


@bp.operation("GET", "/{filename}", "downloadDatabaseBackup", permission=Permission.BACKUP_DOWNLOAD, admin=True,
              path={"filename": FILENAME}, content_type="application/octet-stream")
def download_database_backup(filename: str) -> Response:
    if not kept.NAME.fullmatch(filename):
        raise NotFound()
    try:
        return send_object(runtime.storage, kept.key_of(filename), mimetype=kept.CONTENT_TYPE, filename=filename,
                           disposition="attachment", cache_control=CACHE_CONTROL)
    except ObjectNotFound as error:
        raise NotFound() from error


@bp.operation("DELETE", "", "deleteDatabaseBackup", permission=Permission.BACKUP_DELETE, admin=True,
              body=schemas.DatabaseBackupDelete)
def delete_database_backup(body: dict) -> None:
    kept.remove(body["backups"])


@bp.operation("POST", "/upload", "uploadDatabaseBackup", permission=Permission.BACKUP_UPLOAD, admin=True,
              upload=schemas.DatabaseBackupUpload, status=201)
def upload_database_backup() -> None:
    try:
        for part in read_parts(request.stream, request.content_type):
            if isinstance(part, FilePart) and part.name == "file":
                kept.keep_uploaded(part.filename, part.chunks)
                return
    except MultipartError as error:
        raise BadRequest(str(error)) from error
    raise BadRequest("File is required")


@bp.operation("POST", "/start-restore", "startDatabaseRestoreFlow", login=False, status=201)
def start_database_restore_flow() -> NoReturn:
    if User.select().where(User.is_admin).exists():
        raise BadRequest("The server already has an admin")
    # It would need the maintenance mode, in which nobody else works on the database.
    raise BadRequest("Backups are restored by the command: immich-flask restore")
