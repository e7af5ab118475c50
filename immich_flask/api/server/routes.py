"""Routes of `/api/server`; the clients ask half of them before anybody has logged in."""

from __future__ import annotations

from immich_flask.api.server.schemas import (
    ServerAboutResponse,
    ServerApkLinks,
    ServerConfig,
    ServerFeatures,
    ServerMediaTypesResponse,
    ServerPingResponse,
    ServerStatsResponse,
    ServerStorageResponse,
    ServerVersionHistoryResponse,
    ServerVersionResponse,
    VersionCheckStateResponse,
)
from immich_flask.api.users.schemas import LicenseKey, LicenseResponse
from immich_flask.contracts import media_types
from immich_flask.contracts.permissions import Permission
from immich_flask.core.server import about, usage, versions
from immich_flask.core.server.states import version_check_state
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("server", __name__, url_prefix="/server", tag="Server")


@bp.operation("GET", "/about", "getAboutInfo", permission=Permission.SERVER_ABOUT, answer=ServerAboutResponse)
def get_about() -> dict:
    return about.about()


@bp.operation("GET", "/apk-links", "getApkLinks", permission=Permission.SERVER_APK_LINKS, answer=ServerApkLinks)
def get_apk_links() -> dict:
    return about.apk_links()


@bp.operation("GET", "/config", "getServerConfig", login=False, answer=ServerConfig)
def get_config() -> dict:
    return about.public_config()


@bp.operation("GET", "/features", "getServerFeatures", login=False, answer=ServerFeatures)
def get_features() -> dict:
    return about.features()


@bp.operation("GET", "/license", "getServerLicense", permission=Permission.SERVER_LICENSE_READ, admin=True,
              answer=LicenseResponse)
def get_license() -> dict:
    return about.license()


@bp.operation("PUT", "/license", "setServerLicense", permission=Permission.SERVER_LICENSE_UPDATE, admin=True,
              body=LicenseKey, answer=LicenseResponse)
def set_license(body: dict) -> dict:
    return about.set_license(body["licenseKey"], body["activationKey"])


@bp.operation("DELETE", "/license", "deleteServerLicense", permission=Permission.SERVER_LICENSE_DELETE, admin=True,
              status=204)
def delete_license() -> None:
    about.delete_license()


@bp.operation("GET", "/media-types", "getSupportedMediaTypes", login=False, answer=ServerMediaTypesResponse)
def get_media_types() -> dict:
    return {
        "video": list(media_types.VIDEO),
        "image": list(media_types.IMAGE),
        "sidecar": list(media_types.SIDECAR),
    }


@bp.operation("GET", "/ping", "pingServer", login=False, database=False, answer=ServerPingResponse)
def ping() -> dict:
    return {"res": "pong"}


@bp.operation("GET", "/statistics", "getServerStatistics", permission=Permission.SERVER_STATISTICS, admin=True,
              answer=ServerStatsResponse)
def get_statistics() -> dict:
    return usage.statistics()


@bp.operation("GET", "/storage", "getStorage", permission=Permission.SERVER_STORAGE, answer=ServerStorageResponse)
def get_storage() -> dict:
    return usage.space()


@bp.operation("GET", "/version", "getServerVersion", login=False, answer=ServerVersionResponse)
def get_version() -> dict:
    return versions.version()


@bp.operation("GET", "/version-check", "getVersionCheck", permission=Permission.SERVER_VERSION_CHECK,
              answer=VersionCheckStateResponse)
def get_version_check() -> dict:
    return version_check_state()


@bp.operation("GET", "/version-history", "getVersionHistory", login=False,
              answer=ServerVersionHistoryResponse(many=True))
def get_version_history() -> list:
    # Migrating writes it, too; but a server may start on a database that needs no migration.
    versions.remember_version()
    return versions.version_history()
