"""Routes by which clients have the work on assets done again, and edit pictures."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from plugins.media import edits, queueing
from plugins.media.schemas import AssetEditsCreate, AssetEditsResponse, AssetJobs

bp = Blueprint("media", __name__, url_prefix="/assets", tag="Assets")


@bp.operation("POST", "/jobs", "runAssetJobs", permission=Permission.JOB_CREATE, body=AssetJobs, status=204)
def run_asset_jobs(auth: Auth, body: dict) -> None:
    queueing.run_again(auth, body["name"], body["assetIds"])


@bp.operation("GET", "/{id}/edits", "getAssetEdits", permission=Permission.ASSET_EDIT_GET, answer=AssetEditsResponse)
def get_asset_edits(auth: Auth, id: str) -> dict:
    return edits.edits_of(auth, id)


@bp.operation("PUT", "/{id}/edits", "editAsset", permission=Permission.ASSET_EDIT_CREATE, body=AssetEditsCreate,
              answer=AssetEditsResponse)
def edit_asset(auth: Auth, id: str, body: dict) -> dict:
    return edits.replace(auth, id, body["edits"])


@bp.operation("DELETE", "/{id}/edits", "removeAssetEdits", permission=Permission.ASSET_EDIT_DELETE, status=204)
def remove_asset_edits(auth: Auth, id: str) -> None:
    edits.undo(auth, id)
