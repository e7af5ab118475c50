"""Routes of `/api/trash`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.bulk import BulkIds
from immich_flask.infra.http.blueprint import Blueprint
from plugins.trash import service
from plugins.trash.schemas import TrashResponse

bp = Blueprint("trash", __name__, url_prefix="/trash", tag="Trash")


@bp.operation("POST", "/empty", "emptyTrash", permission=Permission.ASSET_DELETE, answer=TrashResponse)
def empty_trash(auth: Auth) -> dict:
    return {"count": service.empty(auth)}


@bp.operation("POST", "/restore", "restoreTrash", permission=Permission.ASSET_DELETE, answer=TrashResponse)
def restore_trash(auth: Auth) -> dict:
    return {"count": service.restore_all(auth)}


@bp.operation("POST", "/restore/assets", "restoreAssets", permission=Permission.ASSET_DELETE, body=BulkIds,
              answer=TrashResponse)
def restore_assets(auth: Auth, body: dict) -> dict:
    return {"count": service.restore(auth, body["ids"])}
