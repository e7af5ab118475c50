"""What the mobile app keeps of edits: it shows pictures as they are edited, and lets edits be changed."""

from __future__ import annotations

from immich_flask.contracts.plugin import SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.sync import deleted_rows, kept_id, owned_asset
from plugins.media.models import AssetEdit

EDIT = {
    "id": AssetEdit.id,
    "assetId": AssetEdit.asset,
    "action": AssetEdit.action,
    "parameters": AssetEdit.parameters,
    "sequence": AssetEdit.sequence,
}
"""`SyncAssetEditV1`."""


def sync_types() -> list[SyncType]:
    return [SyncType(
        Request.ASSET_EDITS_V1,
        deletes=(deleted_rows(Line.ASSET_EDIT_DELETE_V1, "asset_edit", {"editId": "id"},
                              whose=lambda user_id: owned_asset(kept_id("asset_id"), user_id)),),
        upserts=SyncRows(Line.ASSET_EDIT_V1, AssetEdit.update_id,
                         lambda user_id: AssetEdit.select().where(owned_asset(AssetEdit.asset, user_id)), EDIT))]
