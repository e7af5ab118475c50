"""What the sync routes are asked for."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from immich_flask.contracts.errors import ValidationFailed
from immich_flask.contracts.sync import SyncEntityType, SyncRequestType
from immich_flask.infra.http.schemas import Enum, List, Schema, StrictBool, StrictStr, wire_errors

JSON_LINES = "application/jsonlines+json"


class SyncStream(Schema):
    """`types` in any order; `reset` forgets all acknowledgements first."""

    types = List(Enum(SyncRequestType), required=True)
    reset = StrictBool()

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Its refusals carry the type of the stream, as on the real server."""
        try:
            return super().load(data, **kwargs)
        except ValidationError as error:
            refused = ValidationFailed(wire_errors(error.messages))
            refused.headers["Content-Type"] = JSON_LINES
            raise refused from error


class SyncAckSet(Schema):
    # Longer than any ack of ours; upstream has no limit.
    acks = List(StrictStr(max_length=200), max_length=1000, required=True)


class SyncAckDelete(Schema):
    types = List(Enum(SyncEntityType))


class SyncAckResponse(Schema):
    type = Enum(SyncEntityType, required=True)
    ack = fields.String(required=True)
