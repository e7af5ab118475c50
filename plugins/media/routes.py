"""Routes by which clients have the work on assets done again."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetJobName
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require
from immich_flask.infra.db import atomic
from immich_flask.infra.http.blueprint import Blueprint
from plugins.media.queueing import enqueue_extraction, enqueue_thumbnails
from plugins.media.schemas import AssetJobs

bp = Blueprint("media", __name__, url_prefix="/assets", tag="Assets")

WORK = {
    AssetJobName.REFRESH_METADATA: enqueue_extraction,
    AssetJobName.REGENERATE_THUMBNAIL: enqueue_thumbnails,
}


@bp.operation("POST", "/jobs", "runAssetJobs", permission=Permission.JOB_CREATE, body=AssetJobs, status=204)
def run_asset_jobs(auth: Auth, body: dict) -> None:
    with atomic():
        require(auth, body["assetIds"], "asset.update")
        if body["name"] not in WORK:
            raise BadRequest(f"{body['name']} needs a feature that this server does not have")
        WORK[body["name"]](body["assetIds"])
