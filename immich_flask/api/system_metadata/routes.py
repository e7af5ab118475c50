"""Routes of `/api/system-metadata`."""

from __future__ import annotations

from immich_flask.api.server.schemas import VersionCheckStateResponse
from immich_flask.api.system_metadata.schemas import (
    AdminOnboardingResponse,
    AdminOnboardingUpdate,
    ReverseGeocodingStateResponse,
)
from immich_flask.contracts.permissions import Permission
from immich_flask.core.server import about
from immich_flask.core.server.states import reverse_geocoding_state, version_check_state
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("system-metadata", __name__, url_prefix="/system-metadata", tag="System metadata")


@bp.operation("GET", "/admin-onboarding", "getAdminOnboarding", permission=Permission.SYSTEM_METADATA_READ, admin=True,
              answer=AdminOnboardingResponse)
def get_admin_onboarding() -> dict:
    return {"isOnboarded": about.is_onboarded()}


@bp.operation("POST", "/admin-onboarding", "updateAdminOnboarding", permission=Permission.SYSTEM_METADATA_UPDATE,
              admin=True, body=AdminOnboardingUpdate, status=204)
def update_admin_onboarding(body: dict) -> None:
    about.set_onboarded(body["isOnboarded"])


@bp.operation("GET", "/reverse-geocoding-state", "getReverseGeocodingState",
              permission=Permission.SYSTEM_METADATA_READ, admin=True, answer=ReverseGeocodingStateResponse)
def get_reverse_geocoding_state() -> dict:
    return reverse_geocoding_state()


@bp.operation("GET", "/version-check-state", "getVersionCheckState", permission=Permission.SYSTEM_METADATA_READ,
              admin=True, answer=VersionCheckStateResponse)
def get_version_check_state() -> dict:
    return version_check_state()
