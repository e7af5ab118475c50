"""What the wire says of external libraries, here because more than one plugin answers for them."""

from __future__ import annotations

from marshmallow import ValidationError, fields

from immich_flask.infra.http.schemas import DateTime, Issue, List, Schema, StrictStr, UUIDv4


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
    createdAt = DateTime(required=True)
    updatedAt = DateTime(required=True)
    refreshedAt = DateTime(required=True, allow_none=True)


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
