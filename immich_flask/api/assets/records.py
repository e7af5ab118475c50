"""Records: read, change, delete, count, copy."""

from __future__ import annotations

from immich_flask.api.assets.blueprint import bp
from immich_flask.api.assets.schemas import (
    AssetBulkDelete, AssetBulkUpdate, AssetCopy, AssetStats, AssetStatsResponse, UpdateAsset,
)
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.copy import copy_asset
from immich_flask.core.assets.read import get_asset
from immich_flask.core.assets.schemas import AssetResponse
from immich_flask.core.assets.statistics import statistics
from immich_flask.core.assets.trash import delete_assets
from immich_flask.core.assets.update import update_asset, update_assets


@bp.operation("GET", "/statistics", "getAssetStatistics", permission=Permission.ASSET_STATISTICS, query=AssetStats,
              answer=AssetStatsResponse)
def get_asset_statistics(auth: Auth, query: dict) -> dict:
    return statistics(auth, auth.user_id, **query)


@bp.operation("GET", "/{id}", "getAssetInfo", permission=Permission.ASSET_READ, shared_link=True, answer=AssetResponse)
def get_asset_info(auth: Auth, id: str) -> dict:
    return get_asset(auth, id)


@bp.operation("PUT", "", "updateAssets", permission=Permission.ASSET_UPDATE, body=AssetBulkUpdate, status=204,
              twin="PATCH")
def update_many(auth: Auth, body: dict) -> None:
    update_assets(auth, body.pop("ids"), body)


@bp.operation("PUT", "/{id}", "updateAsset", permission=Permission.ASSET_UPDATE, body=UpdateAsset,
              answer=AssetResponse, twin="PATCH")
def update_one(auth: Auth, id: str, body: dict) -> dict:
    return update_asset(auth, id, body)


@bp.operation("DELETE", "", "deleteAssets", permission=Permission.ASSET_DELETE, body=AssetBulkDelete, status=204)
def delete_many(auth: Auth, body: dict) -> None:
    delete_assets(auth, body["ids"], force=body["force"])


@bp.operation("PUT", "/copy", "copyAsset", permission=Permission.ASSET_COPY, body=AssetCopy, status=204)
def copy_one(auth: Auth, body: dict) -> None:
    copy_asset(auth, **body)
