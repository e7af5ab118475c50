"""What `/api/trash` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import Schema


class TrashResponse(Schema):
    count = fields.Integer(required=True)
