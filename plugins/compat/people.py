"""People: nobody is recognised, and nobody can be made by hand."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.enums import BulkIdErrorReason
from immich_flask.contracts.errors import BadRequest, NoAccess, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import PersonResponse
from immich_flask.core.bulk import BulkIdResponse, BulkIds, bulk_result
from immich_flask.core.people import (
    AssetFaceUpdate,
    PeopleResponse,
    PeopleUpdate,
    PersonCreate,
    PersonSearch,
    PersonStatisticsResponse,
    PersonUpdate,
)
from immich_flask.infra.http.blueprint import Blueprint
from plugins.compat.answers import never, not_built

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
