"""Faces: none is found on any picture, and without people none can be drawn."""

from __future__ import annotations

from functools import partial

from marshmallow import fields

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import SourceType
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum, Schema, StrictBool, StrictInteger, UUIDv4
from plugins.compat.answers import never
from plugins.compat.people import AssetFaceUpdateItem, PersonResponse


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
