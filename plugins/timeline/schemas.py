"""What the timeline is asked for, and its columns."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from immich_flask.contracts.enums import AssetOrder, AssetOrderBy, AssetVisibility
from immich_flask.core.assets.filters import Narrowed
from immich_flask.infra.http.schemas import Enum, QueryBool, Schema, StrictStr, UUIDv4


class BoundingBox(StrictStr):
    """`west,south,east,north` in degrees, as a tuple of four floats."""

    RANGES = (("west", 180), ("south", 90), ("east", 180), ("north", 90))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[float, ...]:
        parts = super()._deserialize(value, attr, data, **kwargs).split(",")
        if len(parts) != 4:
            raise ValidationError("bbox must have 4 comma-separated numbers: west,south,east,north")
        try:
            west, south, east, north = box = tuple(float(part) for part in parts)
        except ValueError as error:
            raise ValidationError("bbox parts must be valid numbers") from error
        outside = {name: [f"must be between -{limit} and {limit}"]
                   for (name, limit), degrees in zip(self.RANGES, box, strict=True) if not abs(degrees) <= limit}
        if not outside and north < south:
            outside = {"north": ["must not be south of the southern edge"]}
        if outside:
            raise ValidationError(outside)
        return box


class Month(StrictStr):
    """A day (`2024-05-01`, also with a time behind or a sign in front), as a date."""

    PATTERN = re.compile(r"[+-]?(\d{4}-\d\d-\d\d)(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        match = self.PATTERN.fullmatch(super()._deserialize(value, attr, data, **kwargs))
        try:
            return date.fromisoformat(match[1])
        except (TypeError, ValueError) as error:
            raise ValidationError("must be a date: YYYY-MM-DD") from error


class TimeBucket(Narrowed):
    """The parameters of both calls. Those of features that are plugins are declared here as the wire has them."""

    userId = UUIDv4()
    albumId = UUIDv4()
    personId = UUIDv4()
    tagId = UUIDv4()
    isFavorite = QueryBool()
    isTrashed = QueryBool()
    withStacked = QueryBool()
    withPartners = QueryBool()
    order = Enum(AssetOrder, load_default=AssetOrder.DESC)
    orderBy = Enum(AssetOrderBy, load_default=AssetOrderBy.TAKEN_AT)
    visibility = Enum(AssetVisibility)
    withCoordinates = QueryBool()
    bbox = BoundingBox()
    key = StrictStr()
    slug = StrictStr()


class TimeBucketAsset(TimeBucket):
    timeBucket = Month(required=True)


class TimeBucketsResponse(Schema):
    timeBucket = fields.String(required=True)
    count = fields.Integer(required=True)


class TimeBucketAssetResponse(Schema):
    """Equally long columns, one item per asset."""

    id = fields.List(fields.String(), required=True)
    ownerId = fields.List(fields.String(), required=True)
    ratio = fields.List(fields.Float(), required=True)
    isFavorite = fields.List(fields.Boolean(), required=True)
    visibility = fields.List(Enum(AssetVisibility), required=True)
    isTrashed = fields.List(fields.Boolean(), required=True)
    isImage = fields.List(fields.Boolean(), required=True)
    thumbhash = fields.List(fields.String(allow_none=True), required=True)
    createdAt = fields.List(fields.String(), required=True)
    fileCreatedAt = fields.List(fields.String(), required=True)
    localOffsetHours = fields.List(fields.Float(), required=True)
    duration = fields.List(fields.Integer(allow_none=True), required=True)
    projectionType = fields.List(fields.String(allow_none=True), required=True)
    livePhotoVideoId = fields.List(fields.String(allow_none=True), required=True)
    city = fields.List(fields.String(allow_none=True))
    country = fields.List(fields.String(allow_none=True))
    latitude = fields.List(fields.Float(allow_none=True))
    longitude = fields.List(fields.Float(allow_none=True))
    stack = fields.List(fields.List(fields.String(), allow_none=True))
