"""What `/api/activities` takes and gives."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from immich_flask.contracts.enums import ReactionLevel, ReactionType
from immich_flask.core.users.schemas import UserResponse
from immich_flask.infra.http.schemas import DateTime, Enum, Issue, Nested, Schema, StrictStr, UUIDv4


class ActivityStatistics(Schema):
    albumId = UUIDv4(required=True)
    assetId = UUIDv4()


class ActivitySearch(ActivityStatistics):
    type = Enum(ReactionType)
    level = Enum(ReactionLevel)
    userId = UUIDv4()


class ActivityCreate(Schema):
    albumId = UUIDv4(required=True)
    assetId = UUIDv4()
    type = Enum(ReactionType, required=True)
    comment = StrictStr()

    @validates_schema
    def check_comment(self, data: dict, **_: object) -> None:
        comment = data.get("comment", "")
        if data["type"] == ReactionType.COMMENT and not comment.strip():
            raise ValidationError(Issue("Comment is required when type is COMMENT"), "comment")
        if data["type"] != ReactionType.COMMENT and comment:
            raise ValidationError(Issue("Comment must not be provided when type is not COMMENT"), "comment")


class ActivityResponse(Schema):
    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    user = Nested(UserResponse, required=True)
    assetId = UUIDv4(required=True, allow_none=True)
    type = Enum(ReactionType, required=True)
    comment = fields.String(allow_none=True)


class ActivityStatisticsResponse(Schema):
    comments = fields.Integer(required=True)
    likes = fields.Integer(required=True)
