"""One JSON value per account and key: preferences, licence, onboarding."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.enums import UserMetadataKey
from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.core.licenses import is_signed
from immich_flask.core.models import UserMetadata
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import iso, now


def read(user_id: str, key: UserMetadataKey) -> Any:
    """The value under `key`, None when there is none."""
    row = UserMetadata.get_or_none(UserMetadata.user == user_id, UserMetadata.key == key)
    return None if row is None else row.value


def write(user_id: str, key: UserMetadataKey, value: Any) -> None:
    """Store `value` under `key`, in place of the one before."""
    with atomic():
        (UserMetadata.insert(user=user_id, key=key, value=value)
         .on_conflict(conflict_target=[UserMetadata.user, UserMetadata.key], preserve=[UserMetadata.value]).execute())


def forget(user_id: str, key: UserMetadataKey) -> None:
    """Remove what is stored under `key`, if there is anything."""
    with atomic():
        UserMetadata.delete().where(UserMetadata.user == user_id, UserMetadata.key == key).execute()


def onboarding(user_id: str) -> dict:
    """`OnboardingResponse`."""
    return read(user_id, UserMetadataKey.ONBOARDING) or {"isOnboarded": False}


def set_onboarding(user_id: str, is_onboarded: bool) -> dict:
    value = {"isOnboarded": is_onboarded}
    write(user_id, UserMetadataKey.ONBOARDING, value)
    return value


def user_license(user_id: str) -> dict:
    """`UserLicense`. Raises NotFound when the account has none."""
    license = read(user_id, UserMetadataKey.LICENSE)
    if license is None:
        raise NotFound()
    return license


def set_user_license(user_id: str, license_key: str, activation_key: str) -> dict:
    """Register a product key; a server's key serves an account as well (server/src/services/user.service.ts).

    Raises BadRequest unless Immich has signed it.
    """
    if not any(is_signed(license_key, activation_key, kind) for kind in ("client", "server")):
        raise BadRequest("Invalid license key")
    license = {"licenseKey": license_key, "activationKey": activation_key, "activatedAt": iso(now())}
    write(user_id, UserMetadataKey.LICENSE, license)
    return license
