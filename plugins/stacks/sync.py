"""What the mobile app hears of stacks. It shows no asset of a stack that it has not heard of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from immich_flask.contracts.plugin import SharedLibrary, SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.sync import deleted_rows, library_backfill, sees_library
from immich_flask.infra.tracking import Tombstone
from plugins.stacks.models import Stack

STACK: dict[str, Any] = {
    "id": Stack.id,
    "createdAt": Stack.created_at,
    "updatedAt": Stack.updated_at,
    "primaryAssetId": Stack.primary_asset_id,
    "ownerId": Stack.owner,
}


def sync_types(libraries: Iterable[SharedLibrary]) -> list[SyncType]:
    """The user's own stacks, and those in a library that somebody shares with him."""
    own = SyncType(
        Request.STACKS_V1,
        deletes=(deleted_rows(Line.STACK_DELETE_V1, "stack", {"stackId": "id"}),),
        upserts=SyncRows(Line.STACK_V1, Stack.update_id,
                         lambda user_id: Stack.select().where(Stack.owner == user_id), STACK))
    return [own, *map(_shared, libraries)]


def _shared(library: SharedLibrary) -> SyncType:
    return SyncType(
        Request.PARTNER_STACKS_V1,
        deletes=(deleted_rows(Line.PARTNER_STACK_DELETE_V1, "stack", {"stackId": "id"},
                              whose=lambda user_id: sees_library(library, Tombstone.owner_id, user_id)),),
        backfill=library_backfill(library, Line.PARTNER_STACK_BACKFILL_V1, lambda owner_id: Stack.owner == owner_id),
        upserts=SyncRows(Line.PARTNER_STACK_V1, Stack.update_id,
                         lambda user_id: Stack.select().where(sees_library(library, Stack.owner, user_id)), STACK))
