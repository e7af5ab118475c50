"""What `/api/memories` takes and gives."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from immich_flask.contracts.enums import MemoryType
from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import (
    Date,
    DateTime,
    Enum,
    Issue,
    List,
    Nested,
    QueryBool,
    QueryInteger,
    Schema,
    StrictBool,
    StrictInteger,
    UUIDv4,
)


class MemorySearchOrder(StrEnum):
    ASC = "asc"
    DESC = "desc"
    RANDOM = "random"


class MemorySearch(Schema):
    for_ = Date(data_key="for", attribute="day")
    isSaved = QueryBool(attribute="is_saved")
    isTrashed = QueryBool(attribute="is_trashed")
    order = Enum(MemorySearchOrder)
    size = QueryInteger(min=1)
    type = Enum(MemoryType)


class OnThisDay(Schema):
    year = StrictInteger(required=True, min=1000, max=9999)


class MemoryCreate(Schema):
    type = Enum(MemoryType, required=True)
    data = Nested(OnThisDay, required=True)
    memoryAt = DateTime(required=True, attribute="memory_at")
    assetIds = List(UUIDv4(), attribute="asset_ids")
    isSaved = StrictBool(attribute="is_saved")
    seenAt = DateTime(attribute="seen_at")
    showAt = DateTime(attribute="show_at")
    hideAt = DateTime(attribute="hide_at")


class MemoryUpdate(Schema):
    isSaved = StrictBool(attribute="is_saved")
    seenAt = DateTime(attribute="seen_at")
    memoryAt = DateTime(attribute="memory_at")

    @validates_schema
    def says_something(self, data: dict, **_: Any) -> None:
        if not data:
            raise ValidationError(Issue("At least one field must be provided"))


class MemoryResponse(Schema):
    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    updatedAt = DateTime(required=True)
    deletedAt = DateTime()
    memoryAt = DateTime(required=True)
    seenAt = DateTime()
    showAt = DateTime()
    hideAt = DateTime()
    ownerId = UUIDv4(required=True)
    type = Enum(MemoryType, required=True)
    data = Nested(OnThisDay, required=True)
    isSaved = fields.Boolean(required=True)
    assets = fields.List(fields.Nested(AssetResponse), required=True)


class MemoryStatisticsResponse(Schema):
    total = fields.Integer(required=True)
