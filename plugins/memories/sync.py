"""What a phone keeps of memories (docs/sync.md).

A memory may hold assets of others. The phone has those only while it is shown them, and drops what refers to them along
with them; so links to what is withheld are not sent, and sent again when it comes back into sight: triggers see to that,
and a listener when a partnership that ended begins again.
"""

from __future__ import annotations

from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.events import LibraryShared
from immich_flask.contracts.plugin import SharedLibrary, SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.assets.visible import any_of, select_assets
from immich_flask.core.models import Asset
from immich_flask.core.sync import deleted_rows, kept_id, owned_asset, sees_library
from immich_flask.infra.tracking import Tombstone
from plugins.memories.models import Memory, MemoryAsset

MEMORY = {
    "id": Memory.id,
    "createdAt": Memory.created_at,
    "updatedAt": Memory.updated_at,
    "deletedAt": Memory.deleted_at,
    "ownerId": Memory.owner,
    "type": Memory.type,
    "data": Memory.data,
    "isSaved": Memory.is_saved,
    "memoryAt": Memory.memory_at,
    "seenAt": Memory.seen_at,
    "showAt": Memory.show_at,
    "hideAt": Memory.hide_at,
}


def sync_types(libraries: list[SharedLibrary]) -> list[SyncType]:
    return [
        SyncType(
            Request.MEMORIES_V1,
            deletes=(deleted_rows(Line.MEMORY_DELETE_V1, "memory", {"memoryId": "id"}),),
            upserts=SyncRows(Line.MEMORY_V1, Memory.update_id,
                             lambda user_id: Memory.select().where(Memory.owner == user_id), MEMORY)),
        SyncType(
            Request.MEMORY_TO_ASSETS_V1,
            deletes=(deleted_rows(
                Line.MEMORY_TO_ASSET_DELETE_V1, "memory_asset", {"memoryId": "memory_id", "assetId": "asset_id"},
                # What was in a memory that is gone goes with it. These tombstones have no owner: the index knows.
                whose=lambda user_id: Tombstone.owner_id.is_null() & _owned(kept_id("memory_id"), user_id)),),
            upserts=SyncRows(
                Line.MEMORY_TO_ASSET_V1, MemoryAsset.update_id,
                lambda user_id: MemoryAsset.select().where(
                    _owned(MemoryAsset.memory, user_id),
                    any_of([owned_asset(MemoryAsset.asset, user_id),
                            *(_lent(library, user_id) for library in libraries)])),
                {"memoryId": MemoryAsset.memory, "assetId": MemoryAsset.asset})),
    ]


def send_again(event: LibraryShared) -> None:
    """Somebody comes to see a library: let him hear what of it is in his memories, from when he saw it before."""
    (MemoryAsset.update(asset=MemoryAsset.asset)
     .where(MemoryAsset.memory.in_(Memory.select(Memory.id).where(Memory.owner == event.viewer_id)),
            MemoryAsset.asset.in_(select_assets(Asset.id).where(Asset.owner == event.owner_id))).execute())


def _owned(memory_id: Any, user_id: str) -> Any:
    """The condition that the memory with this id is the user's."""
    memory = Memory.alias()
    return fn.EXISTS(memory.select(SQL("1")).where(memory.id == memory_id, memory.owner == user_id))


def _lent(library: SharedLibrary, user_id: str) -> Any:
    """The condition that the asset of a link belongs to a library that the user sees, and is shown there."""
    asset = Asset.alias()
    return fn.EXISTS(asset.select(SQL("1")).where(
        asset.id == MemoryAsset.asset, asset.visibility == AssetVisibility.TIMELINE, asset.deleted_at.is_null(),
        sees_library(library, asset.owner, user_id)))
