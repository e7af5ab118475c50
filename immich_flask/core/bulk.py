"""Operations on a list of ids that are answered id by id (albums, tags, people, memories)."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import BulkIdErrorReason
from immich_flask.infra.http.schemas import Enum, List, Schema, UUIDv4


class BulkIds(Schema):
    ids = List(UUIDv4(), required=True)


class BulkIdResponse(Schema):
    id = UUIDv4(required=True)
    success = fields.Boolean(required=True)
    error = Enum(BulkIdErrorReason)
    errorMessage = fields.String()


def bulk_result(id: str, error: BulkIdErrorReason | None = None) -> dict:
    """`BulkIdResponse` for one id; `error` says why it was refused."""
    return {"id": id, "success": True} if error is None else {"id": id, "success": False, "error": error}
