"""Routes of `/api/duplicates`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.bulk import BulkIdResponse, BulkIds
from immich_flask.infra.http.blueprint import Blueprint
from plugins.duplicates import resolving, service
from plugins.duplicates.schemas import DuplicateResolve, DuplicateResponse

bp = Blueprint("duplicates", __name__, url_prefix="/duplicates", tag="Duplicates")


@bp.operation("GET", "", "getAssetDuplicates", permission=Permission.DUPLICATE_READ,
              answer=DuplicateResponse(many=True))
def get_asset_duplicates(auth: Auth) -> list[dict]:
    return service.groups(auth)


@bp.operation("DELETE", "", "deleteDuplicates", permission=Permission.DUPLICATE_DELETE, body=BulkIds, status=204)
def delete_duplicates(auth: Auth, body: dict) -> None:
    service.dismiss(auth, body["ids"])


@bp.operation("DELETE", "/{id}", "deleteDuplicate", permission=Permission.DUPLICATE_DELETE, status=204)
def delete_duplicate(auth: Auth, id: str) -> None:
    service.dismiss(auth, [id])


@bp.operation("POST", "/resolve", "resolveDuplicates", permission=Permission.DUPLICATE_DELETE, body=DuplicateResolve,
              answer=BulkIdResponse(many=True))
def resolve_duplicates(auth: Auth, body: dict) -> list[dict]:
    return resolving.resolve(auth, body["groups"])
