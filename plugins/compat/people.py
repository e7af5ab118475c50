"""People: nobody is recognised, and nobody can be made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

from marshmallow import ValidationError, fields

from immich_flask.contracts.enums import BulkIdErrorReason
from immich_flask.contracts.errors import BadRequest, NoAccess, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.bulk import BulkIdResponse, BulkIds, bulk_result
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import (
    Date,
    Issue,
    List,
    Nested,
    QueryBool,
    QueryInteger,
    Schema,
    StrictBool,
    StrictStr,
    UUIDv4,
)
from plugins.compat.answers import never, not_built

COLOR = "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"


def not_in_the_future(day: date) -> None:
    if day > datetime.now(UTC).date():
        raise ValidationError(Issue("Birth date cannot be in the future"))


class PersonCreate(Schema):
    name = StrictStr()
    birthDate = Date(allow_none=True, validate=not_in_the_future)
    isHidden = StrictBool()
    isFavorite = StrictBool()
    color = StrictStr(allow_none=True, pattern=COLOR)


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


class PersonResponse(Schema):
    id = UUIDv4(required=True)
    name = fields.String(required=True)
    birthDate = fields.Date(required=True, allow_none=True)
    thumbnailPath = fields.String(required=True)
    isHidden = fields.Boolean(required=True)
    updatedAt = fields.DateTime()
    isFavorite = fields.Boolean()
    color = fields.String()


class PeopleResponse(Schema):
    total = fields.Integer(required=True)
    hidden = fields.Integer(required=True)
    people = fields.List(fields.Nested(PersonResponse), required=True)
    hasNextPage = fields.Boolean()


class PersonStatisticsResponse(Schema):
    assets = fields.Integer(required=True)


bp = Blueprint("compat_people", __name__, url_prefix="/people", tag="People")


@bp.operation("GET", "", "getAllPeople", permission=Permission.PERSON_READ, query=PersonSearch, answer=PeopleResponse)
def get_all_people(query: dict) -> dict:
    if "closestPersonId" in query:
        raise NotFound("Person not found")
    return {"people": [], "hasNextPage": False, "total": 0, "hidden": 0}


@bp.operation("PUT", "", "updatePeople", permission=Permission.PERSON_UPDATE, body=PeopleUpdate,
              answer=BulkIdResponse(many=True))
def update_people(body: dict) -> list[dict]:
    return [bulk_result(person["id"], BulkIdErrorReason.UNKNOWN) for person in body["people"]]


@bp.operation("DELETE", "", "deletePeople", permission=Permission.PERSON_DELETE, body=BulkIds, status=204)
def delete_people(body: dict) -> None:
    if body["ids"]:
        raise NoAccess(Permission.PERSON_DELETE)


@bp.operation("POST", "/{id}/merge", "mergePerson", permission=Permission.PERSON_MERGE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def merge_person(id: str, body: dict) -> None:
    if id in body["ids"]:
        raise BadRequest("Cannot merge a person into themselves")
    raise NoAccess(Permission.PERSON_UPDATE)


never(bp, "POST", "", "createPerson", not_built("People and faces"), permission=Permission.PERSON_CREATE,
      body=PersonCreate, answer=PersonResponse, status=201)
never(bp, "GET", "/{id}", "getPerson", partial(NoAccess, Permission.PERSON_READ), permission=Permission.PERSON_READ,
      answer=PersonResponse)
never(bp, "PUT", "/{id}", "updatePerson", partial(NoAccess, Permission.PERSON_UPDATE), twin="PATCH",
      permission=Permission.PERSON_UPDATE, body=PersonUpdate, answer=PersonResponse)
never(bp, "DELETE", "/{id}", "deletePerson", partial(NoAccess, Permission.PERSON_DELETE),
      permission=Permission.PERSON_DELETE, status=204)
never(bp, "GET", "/{id}/statistics", "getPersonStatistics", partial(NoAccess, Permission.PERSON_READ),
      permission=Permission.PERSON_STATISTICS, answer=PersonStatisticsResponse)
never(bp, "GET", "/{id}/thumbnail", "getPersonThumbnail", NotFound, permission=Permission.PERSON_READ,
      content_type="application/octet-stream")
never(bp, "PUT", "/{id}/reassign", "reassignFaces", partial(NoAccess, Permission.PERSON_UPDATE),
      permission=Permission.PERSON_REASSIGN, body=AssetFaceUpdate, answer=PersonResponse(many=True))
