"""What `/api/users` takes and gives."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import ValidationError, fields, validates_schema

from immich_flask.contracts.enums import UserAvatarColor
from immich_flask.core.assets.statistics import CalendarHeatmapType
from immich_flask.core.users.schemas import UserLicense
from immich_flask.infra.http.schemas import Date, DateTime, Email, Enum, Schema, StrictBool, StrictStr, UUIDv4


class UserUpdateMe(Schema):
    email = Email()
    password = StrictStr()
    name = StrictStr()
    avatarColor = Enum(UserAvatarColor, allow_none=True, attribute="avatar_color")


class LicenseKey(Schema):
    licenseKey = StrictStr(required=True, pattern=r"^IM(SV|CL)(-[\dA-Za-z]{4}){8}$")
    activationKey = StrictStr(required=True)


class LicenseResponse(UserLicense):
    """The answer of those who asked for a licence alone."""


class Onboarding(Schema):
    isOnboarded = StrictBool(required=True)


class OnboardingResponse(Schema):
    isOnboarded = fields.Boolean(required=True)


class CreateProfileImage(Schema):
    file = Upload(required=True)


class CreateProfileImageResponse(Schema):
    userId = UUIDv4(required=True)
    profileImagePath = fields.String(required=True)
    profileChangedAt = DateTime(required=True)


class CalendarHeatmap(Schema):
    from_ = Date(data_key="from")
    to = Date()
    type = Enum(CalendarHeatmapType, load_default=CalendarHeatmapType.UPLOAD)

    @validates_schema
    def in_order(self, data: dict, **kwargs: object) -> None:
        if "from_" in data and "to" in data and data["from_"] > data["to"]:
            raise ValidationError("from must be before to", "from")


class CalendarHeatmapSeries(Schema):
    date = fields.String(required=True)
    count = fields.Integer(required=True)


class CalendarHeatmapResponse(Schema):
    from_ = fields.String(required=True, data_key="from")
    to = fields.String(required=True)
    series = fields.List(fields.Nested(CalendarHeatmapSeries), required=True)
    totalCount = fields.Integer(required=True)
