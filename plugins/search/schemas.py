"""What `/api/search` takes and gives."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import fields

from immich_flask.contracts.enums import AssetOrder, AssetType, AssetVisibility
from immich_flask.core.assets.filters import Narrowed
from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.schemas import (
    Checksum, DateTime, Enum, List, QueryBool, QueryInteger, QueryList, Schema, StrictBool, StrictInteger, StrictStr,
    UUIDv4,
)


class SearchSuggestionType(StrEnum):
    COUNTRY = "country"
    STATE = "state"
    CITY = "city"
    CAMERA_MAKE = "camera-make"
    CAMERA_MODEL = "camera-model"
    CAMERA_LENS_MODEL = "camera-lens-model"


class Trimmed(StrictStr):
    """Text without the blanks around it; empty text asks for nothing."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip()


class BaseSearch(Narrowed):
    """The filters of all searches. `null` asks for what has no such value."""

    libraryId = UUIDv4(allow_none=True)
    type = Enum(AssetType)
    isEncoded = StrictBool()
    isFavorite = StrictBool()
    isMotion = StrictBool()
    isOffline = StrictBool()
    visibility = Enum(AssetVisibility)
    createdBefore = DateTime()
    createdAfter = DateTime()
    updatedBefore = DateTime()
    updatedAfter = DateTime()
    trashedBefore = DateTime()
    trashedAfter = DateTime()
    takenBefore = DateTime()
    takenAfter = DateTime()
    city = StrictStr(allow_none=True)
    state = StrictStr(allow_none=True)
    country = StrictStr(allow_none=True)
    make = StrictStr(allow_none=True)
    model = StrictStr(allow_none=True)
    lensModel = StrictStr(allow_none=True)
    isNotInAlbum = StrictBool()
    personIds = List(UUIDv4())
    tagIds = List(UUIDv4(), allow_none=True)
    albumIds = List(UUIDv4())
    rating = StrictInteger(min=1, max=5, allow_none=True)
    ocr = StrictStr()


class ResultSearch(BaseSearch):
    withDeleted = StrictBool()
    withExif = StrictBool()
    size = StrictInteger(min=1, max=1000)


class RandomSearch(ResultSearch):
    withStacked = StrictBool()
    withPeople = StrictBool()


class MetadataSearch(RandomSearch):
    id = UUIDv4()
    description = Trimmed()
    checksum = Checksum()
    originalFileName = Trimmed()
    originalPath = StrictStr()
    previewPath = StrictStr()
    thumbnailPath = StrictStr()
    encodedVideoPath = StrictStr()
    order = Enum(AssetOrder, load_default=AssetOrder.DESC)
    page = StrictInteger(min=1)


class StatisticsSearch(BaseSearch):
    description = Trimmed()


class SmartSearch(ResultSearch):
    query = Trimmed()
    queryAssetId = UUIDv4()
    language = StrictStr()
    page = StrictInteger(min=1)


class LargeAssetSearch(BaseSearch):
    """The same in a query, where everything is text. The wire says that some may be null, which no query can say."""

    libraryId = UUIDv4(allow_none=True)
    isEncoded = QueryBool()
    isFavorite = QueryBool()
    isMotion = QueryBool()
    isOffline = QueryBool()
    isNotInAlbum = QueryBool()
    personIds = QueryList(UUIDv4())
    tagIds = QueryList(UUIDv4(), allow_none=True)
    albumIds = QueryList(UUIDv4())
    rating = QueryInteger(min=1, max=5, allow_none=True)
    withDeleted = QueryBool()
    withExif = QueryBool()
    minFileSize = QueryInteger(min=0)
    size = QueryInteger(min=1, max=1000)


class SearchSuggestionRequest(Schema):
    type = Enum(SearchSuggestionType, required=True)
    country = StrictStr()
    state = StrictStr()
    make = StrictStr()
    model = StrictStr()
    lensModel = StrictStr()
    includeNull = QueryBool()


class SearchPeople(Schema):
    name = StrictStr(required=True)
    withHidden = QueryBool()


class SearchPlaces(Schema):
    name = StrictStr(required=True)


class SearchFacetCountResponse(Schema):
    count = fields.Integer(required=True)
    value = fields.String(required=True)


class SearchFacetResponse(Schema):
    fieldName = fields.String(required=True)
    counts = fields.List(fields.Nested(SearchFacetCountResponse), required=True)


class SearchAlbumResponse(Schema):
    """Nothing is searched for among albums, here or upstream; `items` are always empty."""

    total = fields.Integer(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)
    facets = fields.List(fields.Nested(SearchFacetResponse), required=True)


class SearchAssetResponse(Schema):
    """`total` and `count` are those of this page; `nextPage` is the number of the next one as text."""

    total = fields.Integer(required=True)
    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(AssetResponse), required=True)
    facets = fields.List(fields.Nested(SearchFacetResponse), required=True)
    nextPage = fields.String(required=True, allow_none=True)


class SearchResponse(Schema):
    albums = fields.Nested(SearchAlbumResponse, required=True)
    assets = fields.Nested(SearchAssetResponse, required=True)


class SearchStatisticsResponse(Schema):
    total = fields.Integer(required=True)


class SearchExploreItem(Schema):
    value = fields.String(required=True)
    data = fields.Nested(AssetResponse, required=True)


class SearchExploreResponse(Schema):
    fieldName = fields.String(required=True)
    items = fields.List(fields.Nested(SearchExploreItem), required=True)


class PlacesResponse(Schema):
    name = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    admin1name = fields.String()
    admin2name = fields.String()
