"""External libraries: no folder of the machine is shown as a library, so there is none to change or scan."""

from __future__ import annotations

from functools import partial

from marshmallow import ValidationError, fields

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Issue, List, Schema, StrictStr, UUIDv4
from plugins.compat.answers import always, never, not_built


def not_blank_nor_twice(texts: list[str]) -> None:
    if not all(text.strip() for text in texts):
        raise ValidationError(Issue("Array items must not be empty"))
    if len(set(texts)) < len(texts):
        raise ValidationError(Issue("Array must have unique items"))


class ValidateLibrary(Schema):
    importPaths = List(StrictStr(), max_length=128, validate=not_blank_nor_twice)
    exclusionPatterns = List(StrictStr(), max_length=128, validate=not_blank_nor_twice)


class UpdateLibrary(ValidateLibrary):
    name = StrictStr(min_length=1)


class CreateLibrary(UpdateLibrary):
    ownerId = UUIDv4(required=True)


class LibraryResponse(Schema):
    id = UUIDv4(required=True)
    ownerId = UUIDv4(required=True)
    name = fields.String(required=True)
    assetCount = fields.Integer(required=True)
    importPaths = fields.List(fields.String(), required=True)
    exclusionPatterns = fields.List(fields.String(), required=True)
    createdAt = fields.DateTime(required=True)
    updatedAt = fields.DateTime(required=True)
    refreshedAt = fields.DateTime(required=True, allow_none=True)


class LibraryStatsResponse(Schema):
    photos = fields.Integer(required=True)
    videos = fields.Integer(required=True)
    total = fields.Integer(required=True)
    usage = fields.Integer(required=True)


class ValidateLibraryImportPathResponse(Schema):
    importPath = fields.String(required=True)
    isValid = fields.Boolean(required=True)
    message = fields.String()


class ValidateLibraryResponse(Schema):
    importPaths = fields.List(fields.Nested(ValidateLibraryImportPathResponse))


bp = Blueprint("compat_libraries", __name__, url_prefix="/libraries", tag="Libraries")

none_such = partial(BadRequest, "Library not found")

always(bp, "GET", "", "getAllLibraries", [], admin=True, permission=Permission.LIBRARY_READ,
       answer=LibraryResponse(many=True))
never(bp, "POST", "", "createLibrary", not_built("External libraries"), admin=True,
      permission=Permission.LIBRARY_CREATE, body=CreateLibrary, answer=LibraryResponse, status=201)
never(bp, "GET", "/{id}", "getLibrary", none_such, admin=True, permission=Permission.LIBRARY_READ,
      answer=LibraryResponse)
never(bp, "PUT", "/{id}", "updateLibrary", none_such, admin=True, permission=Permission.LIBRARY_UPDATE,
      body=UpdateLibrary, answer=LibraryResponse, twin="PATCH")
never(bp, "DELETE", "/{id}", "deleteLibrary", none_such, admin=True, permission=Permission.LIBRARY_DELETE, status=204)
never(bp, "POST", "/{id}/scan", "scanLibrary", none_such, admin=True, permission=Permission.LIBRARY_UPDATE, status=204)
never(bp, "GET", "/{id}/statistics", "getLibraryStatistics", none_such, admin=True,
      permission=Permission.LIBRARY_STATISTICS, answer=LibraryStatsResponse)
# Upstream looks at the paths without asking whether there is such a library; here there is nothing to use them for.
never(bp, "POST", "/{id}/validate", "validate", none_such, admin=True, body=ValidateLibrary,
      answer=ValidateLibraryResponse)
