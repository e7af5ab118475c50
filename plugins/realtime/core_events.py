"""The live events of what the core owns: accounts, assets, the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from immich_flask.contracts.events import (
    AssetEdited, AssetHidden, AssetReady, AssetsDeleted, AssetsRestored, AssetsTrashed, AssetsUpdated, ConfigUpdated,
    UserDeleted,
)
from immich_flask.contracts.plugin import LiveEvent
from plugins.realtime import assets

SHOWN_DETAILS = frozenset({
    "description", "rating", "latitude", "longitude", "date_time_original", "time_zone", "tags",
})
"""What upstream writes into the sidecar, after which it reads the file again and tells of it."""


def core_events() -> list[LiveEvent]:
    return [
        LiveEvent("on_upload_success", AssetReady, _new_to_owner, lambda event: [event.owner_id, event.asset_id],
                  assets.uploaded),
        LiveEvent("AssetUploadReadyV2", AssetReady, _new_to_owner, lambda event: [event.asset_id],
                  assets.upload_ready),
        LiveEvent("AssetEditReadyV2", AssetEdited, _to_owner,
                  lambda event: [event.asset_id, [dict(edit) for edit in event.edits]], assets.edit_ready),
        LiveEvent("on_asset_update", AssetsUpdated, _details_to_owner,
                  lambda event: [event.owner_id, list(event.asset_ids)], assets.asset_answers),
        LiveEvent("on_asset_trash", AssetsTrashed, _to_owner, lambda event: [list(event.asset_ids)]),
        LiveEvent("on_asset_restore", AssetsRestored, lambda event: [event.owner_id] if event.by_id else [],
                  lambda event: [list(event.asset_ids)]),
        LiveEvent("on_asset_delete", AssetsDeleted, _to_owner, lambda event: [list(event.asset_ids)], _one_by_one),
        LiveEvent("on_asset_hidden", AssetHidden, _to_owner, lambda event: [event.asset_id]),
        LiveEvent("on_user_delete", UserDeleted, arguments=lambda event: [event.user_id]),
        LiveEvent("on_config_update", ConfigUpdated),
    ]


def _to_owner(event: AssetsTrashed) -> list[str]:
    return [event.owner_id]


def _new_to_owner(event: AssetReady) -> list[str]:
    return [event.owner_id] if event.first else []


def _details_to_owner(event: AssetsUpdated) -> list[str]:
    return [] if SHOWN_DETAILS.isdisjoint(event.changed) else [event.owner_id]


def _one_by_one(ids: list[str]) -> Iterator[list[str]]:
    return ([asset_id] for asset_id in ids)
