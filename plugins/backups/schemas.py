"""What `/api/admin/database-backups` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import List, Nested, Schema, StrictStr


class DatabaseBackup(Schema):
    filename = fields.String(required=True)
    filesize = fields.Integer(required=True)
    timezone = fields.String(required=True)


class DatabaseBackupListResponse(Schema):
    backups = List(Nested(DatabaseBackup), required=True)


class DatabaseBackupUpload(Schema):
    file = fields.Raw(metadata={"type": "string", "format": "binary"})


class DatabaseBackupDelete(Schema):
    backups = List(StrictStr(), required=True)
