"""Routes of `/api/people` and `/api/faces`."""

from __future__ import annotations

from flask import Response

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import PersonResponse
from immich_flask.core.bulk import BulkIdResponse, BulkIds
from immich_flask.core.people import (
    AssetFaceCreate,
    AssetFaceDelete,
    AssetFaceResponse,
    AssetFaceUpdate,
    Face,
    PeopleResponse,
    PeopleUpdate,
    PersonCreate,
    PersonSearch,
    PersonStatisticsResponse,
    PersonUpdate,
)
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.delivery import send_object
from plugins.people import changes, faces, service

bp = Blueprint("people", __name__, url_prefix="/people", tag="People")
faces_bp = Blueprint("faces", __name__, url_prefix="/faces", tag="Faces")


@bp.operation("GET", "", "getAllPeople", permission=Permission.PERSON_READ, query=PersonSearch, answer=PeopleResponse)
def get_all_people(auth: Auth, query: dict) -> dict:
    return service.people(auth, query)


@bp.operation("POST", "", "createPerson", permission=Permission.PERSON_CREATE, body=PersonCreate,
              answer=PersonResponse, status=201)
def create_person(auth: Auth, body: dict) -> dict:
    return changes.create(auth, body)


@bp.operation("PUT", "", "updatePeople", permission=Permission.PERSON_UPDATE, body=PeopleUpdate,
              answer=BulkIdResponse(many=True))
def update_people(auth: Auth, body: dict) -> list[dict]:
    return changes.update_many(auth, body["people"])


@bp.operation("DELETE", "", "deletePeople", permission=Permission.PERSON_DELETE, body=BulkIds, status=204)
def delete_people(auth: Auth, body: dict) -> None:
    changes.delete(auth, body["ids"])


@bp.operation("GET", "/{id}", "getPerson", permission=Permission.PERSON_READ, answer=PersonResponse)
def get_person(auth: Auth, id: str) -> dict:
    return service.person(auth, id)


@bp.operation("PUT", "/{id}", "updatePerson", permission=Permission.PERSON_UPDATE, body=PersonUpdate,
              answer=PersonResponse, twin="PATCH")
def update_person(auth: Auth, id: str, body: dict) -> dict:
    return changes.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deletePerson", permission=Permission.PERSON_DELETE, status=204)
def delete_person(auth: Auth, id: str) -> None:
    changes.delete(auth, [id])


@bp.operation("GET", "/{id}/statistics", "getPersonStatistics", permission=Permission.PERSON_STATISTICS,
              answer=PersonStatisticsResponse)
def get_person_statistics(auth: Auth, id: str) -> dict:
    return service.statistics(auth, id)


@bp.operation("GET", "/{id}/thumbnail", "getPersonThumbnail", permission=Permission.PERSON_READ,
              content_type="application/octet-stream")
def get_person_thumbnail(auth: Auth, id: str) -> Response:
    key = service.thumbnail_key(auth, id)
    # The address of the picture stays the same when the picture changes; its key does not.
    return send_object(runtime.storage, key, mimetype="image/jpeg", etag=key.rpartition("/")[2],
                       cache_control="private, no-cache, no-transform")


@bp.operation("POST", "/{id}/merge", "mergePerson", permission=Permission.PERSON_MERGE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def merge_person(auth: Auth, id: str, body: dict) -> list[dict]:
    return changes.merge(auth, id, body["ids"])


@bp.operation("PUT", "/{id}/reassign", "reassignFaces", permission=Permission.PERSON_REASSIGN, body=AssetFaceUpdate,
              answer=PersonResponse(many=True))
def reassign_faces(auth: Auth, id: str, body: dict) -> list[dict]:
    return faces.reassign_many(auth, id, body["data"])


@faces_bp.operation("GET", "", "getFaces", permission=Permission.FACE_READ, query=Face,
                    answer=AssetFaceResponse(many=True))
def get_faces(auth: Auth, query: dict) -> list[dict]:
    return faces.of_asset(auth, query["id"])


@faces_bp.operation("POST", "", "createFace", permission=Permission.FACE_CREATE, body=AssetFaceCreate, status=201)
def create_face(auth: Auth, body: dict) -> Response:
    faces.create(auth, body)
    response = Response(status=201)
    del response.headers["Content-Type"]
    return response


@faces_bp.operation("PUT", "/{id}", "reassignFacesById", permission=Permission.FACE_UPDATE, body=Face,
                    answer=PersonResponse)
def reassign_faces_by_id(auth: Auth, id: str, body: dict) -> dict:
    return faces.reassign(auth, id, body["id"])


@faces_bp.operation("DELETE", "/{id}", "deleteFace", permission=Permission.FACE_DELETE, body=AssetFaceDelete,
                    status=204)
def delete_face(auth: Auth, id: str, body: dict) -> None:
    faces.delete(auth, id, force=body["force"])
