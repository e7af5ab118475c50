"""What `/api/tags` takes and gives."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from immich_flask.infra.http.schemas import List, Schema, StrictStr, UUIDv4


class Color(StrictStr):
    """Three, four, six or eight hexadecimal digits; `#` is put before them where it is missing."""

    PATTERN = "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pattern=self.PATTERN, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return text if text.startswith("#") else f"#{text}"


class TagCreate(Schema):
    name = StrictStr(required=True)
    parentId = UUIDv4(allow_none=True)
    color = Color(allow_none=True)


class TagUpdate(Schema):
    color = Color(allow_none=True)


class TagUpsert(Schema):
    tags = List(StrictStr(), required=True)


class TagBulkAssets(Schema):
    tagIds = List(UUIDv4(), required=True)
    assetIds = List(UUIDv4(), required=True)


class TagBulkAssetsResponse(Schema):
    count = fields.Integer(required=True)
