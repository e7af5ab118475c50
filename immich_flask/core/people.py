"""What the wire says of people and faces, here because more than one plugin answers for them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from marshmallow import ValidationError, fields

from immich_flask.contracts.enums import SourceType
from immich_flask.core.assets.schemas import PersonResponse
from immich_flask.infra.http.schemas import (
    Color,
    Date,
    Enum,
    Issue,
    List,
    Nested,
    QueryBool,
    QueryInteger,
    Schema,
    StrictBool,
    StrictInteger,
    StrictStr,
    UUIDv4,
)

PREFERENCES = {"people": {"enabled": True, "sidebarWeb": False, "minimumFaces": 3}}
"""What users prefer. `minimumFaces`: how many faces make somebody without a name worth showing."""


def not_in_the_future(day: date) -> None:
    if day > datetime.now(UTC).date():
        raise ValidationError(Issue("Birth date cannot be in the future"))


class PersonCreate(Schema):
    name = StrictStr()
    birthDate = Date(allow_none=True, validate=not_in_the_future)
    isHidden = StrictBool()
    isFavorite = StrictBool()
    color = Color(allow_none=True)


class PersonUpdate(PersonCreate):
    featureFaceAssetId = UUIDv4()


class PeopleUpdateItem(PersonUpdate):
    id = UUIDv4(required=True)


class PeopleUpdate(Schema):
    people = List(Nested(PeopleUpdateItem), required=True)


class PersonSearch(Schema):
    withHidden = QueryBool()
    closestPersonId = UUIDv4()
    closestAssetId = UUIDv4()
    page = QueryInteger(min=1)
    size = QueryInteger(min=1, max=1000)


class AssetFaceUpdateItem(Schema):
    personId = UUIDv4(required=True)
    assetId = UUIDv4(required=True)


class AssetFaceUpdate(Schema):
    data = List(Nested(AssetFaceUpdateItem), required=True)


class PeopleResponse(Schema):
    total = fields.Integer(required=True)
    hidden = fields.Integer(required=True)
    people = fields.List(fields.Nested(PersonResponse), required=True)
    hasNextPage = fields.Boolean()


class PersonStatisticsResponse(Schema):
    assets = fields.Integer(required=True)


class Face(Schema):
    id = UUIDv4(required=True)


class AssetFaceCreate(AssetFaceUpdateItem):
    imageWidth = StrictInteger(required=True)
    imageHeight = StrictInteger(required=True)
    x = StrictInteger(required=True)
    y = StrictInteger(required=True)
    width = StrictInteger(required=True)
    height = StrictInteger(required=True)


class AssetFaceDelete(Schema):
    force = StrictBool(required=True)


class AssetFaceResponse(Schema):
    id = UUIDv4(required=True)
    imageHeight = fields.Integer(required=True)
    imageWidth = fields.Integer(required=True)
    boundingBoxX1 = fields.Integer(required=True)
    boundingBoxX2 = fields.Integer(required=True)
    boundingBoxY1 = fields.Integer(required=True)
    boundingBoxY2 = fields.Integer(required=True)
    sourceType = Enum(SourceType)
    person = fields.Nested(PersonResponse, required=True, allow_none=True)
