"""What `/api/trash` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import List, Schema, UUIDv4


class BulkIds(Schema):
    ids = List(UUIDv4(), required=True)


class TrashResponse(Schema):
    count = fields.Integer(required=True)
