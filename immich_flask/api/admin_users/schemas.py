"""What `/api/admin/users` takes and gives, beyond the schemas of `/api/users`. Bodies load as columns of `User`."""

from __future__ import annotations

from immich_flask.contracts.enums import UserAvatarColor
from immich_flask.infra.http.schemas import (
    Email,
    Enum,
    QueryBool,
    Schema,
    StrictBool,
    StrictInteger,
    StrictStr,
    UUIDv4,
)

PIN_CODE = r"^\d{6}$"


class UserAdminSearch(Schema):
    withDeleted = QueryBool()
    id = UUIDv4(any_case=True)


class UserAdminCreate(Schema):
    email = Email(required=True)
    password = StrictStr(required=True)
    name = StrictStr(required=True)
    avatarColor = Enum(UserAvatarColor, allow_none=True, attribute="avatar_color")
    pinCode = StrictStr(pattern=PIN_CODE, allow_none=True, attribute="pin_code")
    storageLabel = StrictStr(allow_none=True, attribute="storage_label")
    quotaSizeInBytes = StrictInteger(min=0, allow_none=True, attribute="quota_size_in_bytes")
    shouldChangePassword = StrictBool(attribute="should_change_password")
    notify = StrictBool()
    isAdmin = StrictBool(attribute="is_admin")


class UserAdminUpdate(Schema):
    email = Email()
    password = StrictStr()
    pinCode = StrictStr(pattern=PIN_CODE, allow_none=True, attribute="pin_code")
    name = StrictStr()
    avatarColor = Enum(UserAvatarColor, allow_none=True, attribute="avatar_color")
    storageLabel = StrictStr(allow_none=True, attribute="storage_label")
    shouldChangePassword = StrictBool(attribute="should_change_password")
    quotaSizeInBytes = StrictInteger(min=0, allow_none=True, attribute="quota_size_in_bytes")
    isAdmin = StrictBool(attribute="is_admin")


class UserAdminDelete(Schema):
    force = StrictBool()
