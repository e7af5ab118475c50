"""Users as the wire shows them: the short form for everybody, the long one for themselves and administrators."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any

from immich_flask.contracts.enums import UserAvatarColor, UserMetadataKey
from immich_flask.core.models import User, UserMetadata
from immich_flask.infra.db import many
from immich_flask.infra.fields import wire

COLORS = tuple(UserAvatarColor)

PUBLIC_COLUMNS = (
    User.id, User.email, User.name, User.profile_image_key, User.avatar_color, wire(User.profile_changed_at),
)
"""What `user_response` needs of a row; select them with `.namedtuples()`, or make a `PublicUser` of a plain row."""

PublicUser = namedtuple("PublicUser", "id email name profile_image_key avatar_color profile_changed_at")

ADMIN_COLUMNS = (
    *PUBLIC_COLUMNS, User.storage_label, User.should_change_password, User.is_admin, wire(User.created_at),
    wire(User.deleted_at), wire(User.updated_at), User.oauth_id, User.quota_size_in_bytes, User.quota_usage_in_bytes,
    User.status,
)
"""What `user_admin_responses` needs of a row."""


def avatar_color(email: str) -> str:
    """The colour of an account that chose none: the sum of the code points of its address, modulo the ten colours
    (server/src/dtos/user.dto.ts)."""
    return COLORS[sum(map(ord, email)) % len(COLORS)]


def user_response(user: Any) -> dict:
    """`UserResponse` of a `User` or of a row of `PUBLIC_COLUMNS`."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "profileImagePath": user.profile_image_key,
        "avatarColor": user.avatar_color or avatar_color(user.email),
        "profileChangedAt": user.profile_changed_at,
    }


def user_admin_response(user: Any) -> dict:
    """`UserAdminResponse` of a `User` or of a row of `ADMIN_COLUMNS`; one query, for the licence."""
    return user_admin_responses([user])[0]


def user_admin_responses(users: Iterable[Any]) -> list[dict]:
    """`UserAdminResponse` for each of `users`; one query for the licences of all of them."""
    users = list(users)
    licenses = dict(
        UserMetadata.select(UserMetadata.user, UserMetadata.value)
        .where(UserMetadata.key == UserMetadataKey.LICENSE, UserMetadata.user.in_(many([user.id for user in users])))
        .tuples())
    return [{
        **user_response(user),
        "storageLabel": user.storage_label,
        "shouldChangePassword": user.should_change_password,
        "isAdmin": user.is_admin,
        "createdAt": user.created_at,
        "deletedAt": user.deleted_at,
        "updatedAt": user.updated_at,
        "oauthId": user.oauth_id,
        "quotaSizeInBytes": user.quota_size_in_bytes,
        "quotaUsageInBytes": user.quota_usage_in_bytes,
        "status": user.status,
        "license": licenses.get(user.id),
    } for user in users]
