"""What records of assets look like on the wire, and what may be asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from immich_flask.contracts.enums import AssetVisibility
from immich_flask.core.assets import dates
from immich_flask.infra.http.schemas import (
    Enum, Issue, List, QueryBool, Schema, StrictBool, StrictInteger, StrictNumber, StrictStr, UUIDv4,
)


class EditedDate(StrictStr):
    """ISO 8601, a day or an instant, with or without a zone; a `datetime` that is aware if it has one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise ValidationError(Issue("Invalid input: expected an ISO 8601 date")) from error


class TimeZone(StrictStr):
    """The name of a zone, as `core.assets.dates.zone` knows them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            dates.zone(text)
        except ValueError as error:
            raise ValidationError(Issue("Invalid input: expected a time zone")) from error
        return text


def _stars(value: int | None) -> None:
    if value == 0:
        raise ValidationError(Issue(
            "Rating must be -1 (rejected), 1–5 (starred), or null (unrated); 0 is not valid"))


class _AssetUpdate(Schema):
    isFavorite = StrictBool(attribute="is_favorite")
    visibility = Enum(AssetVisibility)
    dateTimeOriginal = EditedDate(attribute="date_time_original")
    latitude = StrictNumber(min=-90, max=90)
    longitude = StrictNumber(min=-180, max=180)
    rating = StrictInteger(min=-1, max=5, allow_none=True, validate=_stars)
    description = StrictStr()

    @validates_schema
    def place_is_whole(self, data: dict, **kwargs: Any) -> None:
        if ("latitude" in data) != ("longitude" in data):
            raise ValidationError(Issue("Latitude and longitude must be provided together"))


class UpdateAsset(_AssetUpdate):
    livePhotoVideoId = UUIDv4(allow_none=True, attribute="live_photo_video_id")


class AssetBulkUpdate(_AssetUpdate):
    ids = List(UUIDv4(), required=True)
    duplicateId = UUIDv4(allow_none=True, attribute="duplicate_id")
    dateTimeRelative = StrictInteger(attribute="date_time_relative")
    timeZone = TimeZone(attribute="time_zone")

    @validates_schema
    def one_way_to_date(self, data: dict, **kwargs: Any) -> None:
        if "date_time_relative" in data and "date_time_original" in data:
            raise ValidationError(Issue("dateTimeRelative cannot be used with dateTimeOriginal"))


class AssetBulkDelete(Schema):
    ids = List(UUIDv4(), required=True)
    force = StrictBool(load_default=False)


class AssetCopy(Schema):
    sourceId = UUIDv4(required=True, attribute="source_id")
    targetId = UUIDv4(required=True, attribute="target_id")
    sharedLinks = StrictBool(load_default=True, attribute="shared_links")
    albums = StrictBool(load_default=True)
    sidecar = StrictBool(load_default=True)
    stack = StrictBool(load_default=True)
    favorite = StrictBool(load_default=True)


class AssetStats(Schema):
    visibility = Enum(AssetVisibility)
    isFavorite = QueryBool(attribute="is_favorite")
    isTrashed = QueryBool(attribute="is_trashed")


class AssetStatsResponse(Schema):
    images = fields.Integer(required=True)
    videos = fields.Integer(required=True)
    total = fields.Integer(required=True)
