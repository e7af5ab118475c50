"""Routes of `/api/view/folder`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.infra.http.blueprint import Blueprint
from plugins.folders import service
from plugins.folders.schemas import FolderQuery

bp = Blueprint("folders", __name__, url_prefix="/view", tag="Views")


@bp.operation("GET", "/folder/unique-paths", "getUniqueOriginalPaths", permission=Permission.FOLDER_READ,
              answer={"type": "array", "items": {"type": "string"}})
def get_unique_original_paths(auth: Auth) -> list[str]:
    return service.directories(auth)


@bp.operation("GET", "/folder", "getAssetsByOriginalPath", permission=Permission.FOLDER_READ, query=FolderQuery,
              answer=AssetResponse(many=True))
def get_assets_by_original_path(auth: Auth, query: dict) -> list[dict]:
    return service.assets_in(auth, query["path"])
