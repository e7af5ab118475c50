"""Faces: none is found on any picture, and without people none can be drawn."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import PersonResponse
from immich_flask.core.assets.visible import require
from immich_flask.core.people import AssetFaceCreate, AssetFaceDelete, AssetFaceResponse, Face
from immich_flask.infra.http.blueprint import Blueprint
from plugins.compat.answers import never

bp = Blueprint("compat_faces", __name__, url_prefix="/faces", tag="Faces")


@bp.operation("GET", "", "getFaces", permission=Permission.FACE_READ, query=Face, answer=AssetFaceResponse(many=True))
def get_faces(auth: Auth, query: dict) -> list[dict]:
    require(auth, [query["id"]], Permission.ASSET_READ)
    return []


@bp.operation("POST", "", "createFace", permission=Permission.FACE_CREATE, body=AssetFaceCreate, status=201)
def create_face(auth: Auth, body: dict) -> None:
    require(auth, [body["assetId"]], Permission.ASSET_UPDATE)
    raise NoAccess(Permission.PERSON_READ)


never(bp, "PUT", "/{id}", "reassignFacesById", partial(NoAccess, Permission.PERSON_UPDATE),
      permission=Permission.FACE_UPDATE, body=Face, answer=PersonResponse)
never(bp, "DELETE", "/{id}", "deleteFace", partial(NoAccess, Permission.FACE_DELETE),
      permission=Permission.FACE_DELETE, body=AssetFaceDelete, status=204)
