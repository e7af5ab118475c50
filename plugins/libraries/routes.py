"""Routes of `/api/libraries`."""

from __future__ import annotations

from immich_flask.contracts.permissions import Permission
from immich_flask.core.libraries import (
    CreateLibrary,
    LibraryResponse,
    LibraryStatsResponse,
    UpdateLibrary,
    ValidateLibrary,
    ValidateLibraryResponse,
)
from immich_flask.infra.http.blueprint import Blueprint
from plugins.libraries import service

bp = Blueprint("libraries", __name__, url_prefix="/libraries", tag="Libraries")


@bp.operation("GET", "", "getAllLibraries", admin=True, permission=Permission.LIBRARY_READ,
              answer=LibraryResponse(many=True))
def get_all_libraries() -> list[dict]:
    return service.libraries()


@bp.operation("POST", "", "createLibrary", admin=True, permission=Permission.LIBRARY_CREATE, body=CreateLibrary,
              answer=LibraryResponse, status=201)
def create_library(body: dict) -> dict:
    return service.create(body)


@bp.operation("GET", "/{id}", "getLibrary", admin=True, permission=Permission.LIBRARY_READ, answer=LibraryResponse)
def get_library(id: str) -> dict:
    return service.library(id)


@bp.operation("PUT", "/{id}", "updateLibrary", admin=True, permission=Permission.LIBRARY_UPDATE, body=UpdateLibrary,
              answer=LibraryResponse, twin="PATCH")
def update_library(id: str, body: dict) -> dict:
    return service.update(id, body)


@bp.operation("DELETE", "/{id}", "deleteLibrary", admin=True, permission=Permission.LIBRARY_DELETE, status=204)
def delete_library(id: str) -> None:
    service.delete(id)


@bp.operation("POST", "/{id}/scan", "scanLibrary", admin=True, permission=Permission.LIBRARY_UPDATE, status=204)
def scan_library(id: str) -> None:
    service.scan(id)


@bp.operation("GET", "/{id}/statistics", "getLibraryStatistics", admin=True, permission=Permission.LIBRARY_STATISTICS,
              answer=LibraryStatsResponse)
def get_library_statistics(id: str) -> dict:
    return service.statistics(id)


# Whether there is such a library is not asked, as on the real server: the page of a new one looks at folders too.
@bp.operation("POST", "/{id}/validate", "validate", admin=True, body=ValidateLibrary, answer=ValidateLibraryResponse)
def validate(id: str, body: dict) -> dict:
    return service.validate(body.get("importPaths", []))
