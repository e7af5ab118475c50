"""Routes of `/api/users`."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Response, request

from immich_flask.api.users.preferences import UserPreferencesResponse, UserPreferencesUpdate
from immich_flask.api.users.schemas import (
    CalendarHeatmap,
    CalendarHeatmapResponse,
    CreateProfileImage,
    CreateProfileImageResponse,
    LicenseKey,
    LicenseResponse,
    Onboarding,
    OnboardingResponse,
    UserUpdateMe,
)
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import UserMetadataKey
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.media_types import mime_type
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.statistics import calendar_heatmap
from immich_flask.core.runtime import runtime
from immich_flask.core.users import accounts, metadata, preferences, profile_image, user_admin_response, user_response
from immich_flask.core.users.schemas import UserAdminResponse, UserResponse
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.delivery import send_object
from immich_flask.infra.http.multipart import FilePart, MultipartError, read_parts
from immich_flask.infra.http.schemas import UUIDv4

bp = Blueprint("users", __name__, url_prefix="/users", tag="Users")

USER_ID = {"id": UUIDv4(required=True, any_case=True)}

MAX_IMAGE_UPLOAD = 32 * 1024**2
"""Bytes of a request with a profile image; clients send what the user has cropped."""


@bp.operation("GET", "", "searchUsers", permission=Permission.USER_READ, answer=UserResponse(many=True))
def search_users(auth: Auth) -> list[dict]:
    return accounts.users_known_to(auth)


@bp.operation("GET", "/me", "getMyUser", permission=Permission.USER_READ, answer=UserAdminResponse)
def get_my_user(auth: Auth) -> dict:
    return user_admin_response(accounts.find_user(auth.user_id))


@bp.operation("PUT", "/me", "updateMyUser", permission=Permission.USER_UPDATE, body=UserUpdateMe,
              answer=UserAdminResponse, twin="PATCH")
def update_my_user(auth: Auth, body: dict) -> dict:
    return user_admin_response(accounts.update_own(auth.user_id, **body))


@bp.operation("GET", "/me/calendar-heatmap", "getMyCalendarHeatmap", permission=Permission.USER_READ,
              query=CalendarHeatmap, answer=CalendarHeatmapResponse)
def get_my_calendar_heatmap(auth: Auth, query: dict) -> dict:
    return calendar_heatmap(auth, auth.user_id, query["type"], query.get("from_"), query.get("to"))


@bp.operation("GET", "/me/preferences", "getMyPreferences", permission=Permission.USER_PREFERENCE_READ,
              answer=UserPreferencesResponse)
def get_my_preferences(auth: Auth) -> dict:
    return preferences.preferences(auth.user_id)


@bp.operation("PUT", "/me/preferences", "updateMyPreferences", permission=Permission.USER_PREFERENCE_UPDATE,
              body=UserPreferencesUpdate, answer=UserPreferencesResponse, twin="PATCH")
def update_my_preferences(auth: Auth, body: dict) -> dict:
    return preferences.update_preferences(auth.user_id, body)


@bp.operation("GET", "/me/license", "getUserLicense", permission=Permission.USER_LICENSE_READ, answer=LicenseResponse)
def get_user_license(auth: Auth) -> dict:
    return metadata.user_license(auth.user_id)


@bp.operation("PUT", "/me/license", "setUserLicense", permission=Permission.USER_LICENSE_UPDATE, body=LicenseKey,
              answer=LicenseResponse)
def set_user_license(auth: Auth, body: dict) -> dict:
    return metadata.set_user_license(auth.user_id, body["licenseKey"], body["activationKey"])


@bp.operation("DELETE", "/me/license", "deleteUserLicense", permission=Permission.USER_LICENSE_DELETE, status=204)
def delete_user_license(auth: Auth) -> None:
    metadata.forget(auth.user_id, UserMetadataKey.LICENSE)


@bp.operation("GET", "/me/onboarding", "getUserOnboarding", permission=Permission.USER_ONBOARDING_READ,
              answer=OnboardingResponse)
def get_user_onboarding(auth: Auth) -> dict:
    return metadata.onboarding(auth.user_id)


@bp.operation("PUT", "/me/onboarding", "setUserOnboarding", permission=Permission.USER_ONBOARDING_UPDATE,
              body=Onboarding, answer=OnboardingResponse)
def set_user_onboarding(auth: Auth, body: dict) -> dict:
    return metadata.set_onboarding(auth.user_id, body["isOnboarded"])


@bp.operation("DELETE", "/me/onboarding", "deleteUserOnboarding", permission=Permission.USER_ONBOARDING_DELETE,
              status=204)
def delete_user_onboarding(auth: Auth) -> None:
    metadata.forget(auth.user_id, UserMetadataKey.ONBOARDING)


@bp.operation("POST", "/profile-image", "createProfileImage", permission=Permission.USER_PROFILE_IMAGE_UPDATE,
              upload=CreateProfileImage, answer=CreateProfileImageResponse, status=201)
def create_profile_image(auth: Auth) -> dict:
    request.max_content_length = MAX_IMAGE_UPLOAD
    with SpooledTemporaryFile(max_size=1024**2) as file:
        return profile_image.set_profile_image(auth.user_id, _receive(file), file)


@bp.operation("DELETE", "/profile-image", "deleteProfileImage", permission=Permission.USER_PROFILE_IMAGE_DELETE,
              status=204)
def delete_profile_image(auth: Auth) -> None:
    profile_image.delete_profile_image(auth.user_id)


@bp.operation("GET", "/{id}", "getUser", permission=Permission.USER_READ, path=USER_ID, answer=UserResponse)
def get_user(id: str) -> dict:
    return user_response(accounts.find_user(id))


@bp.operation("GET", "/{id}/profile-image", "getProfileImage", permission=Permission.USER_PROFILE_IMAGE_READ,
              path=USER_ID, content_type="application/octet-stream")
def get_profile_image(id: str) -> Response:
    key = profile_image.profile_image_key(id)
    # The address of the image stays the same when the image changes; its key does not.
    return send_object(runtime.storage, key, mimetype=mime_type(key), etag=key.rpartition("/")[2],
                       cache_control="private, no-cache, no-transform")


def _receive(file: IO[bytes]) -> str:
    """Write the uploaded file to `file` and return its name. Raises BadRequest unless there is just one, as `file`."""
    filename = None
    try:
        for part in read_parts(request.stream, request.content_type):
            if isinstance(part, FilePart):
                if part.name != "file" or filename is not None:
                    raise BadRequest("Unexpected field")
                filename = part.filename
                file.writelines(part.chunks)
    except MultipartError as error:
        raise BadRequest(str(error)) from error
    if filename is None:
        raise BadRequest("File is required")
    file.seek(0)
    return filename
