"""The assets in memories: putting them in, taking them out, showing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility, BulkIdErrorReason
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response, exif_instant
from immich_flask.core.assets.visible import reachable, select_assets
from immich_flask.core.bulk import bulk_result
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.sql import for_key_share
from plugins.memories.access import lock_memory
from plugins.memories.models import Memory, MemoryAsset

SHOWN = (Asset.visibility == AssetVisibility.TIMELINE) & Asset.deleted_at.is_null()
"""The condition for what memories are made of: neither archived nor locked, hidden or in the trash."""

NESTED_DATES = ("fileCreatedAt", "fileModifiedAt", "localDateTime")
"""Dates that the wire spells `2021-06-15T10:00:00+00:00` in assets within memories."""


def assets_of(auth: Auth, memory_ids: Iterable[str], *conditions: Any) -> dict[str, list[dict]]:
    """`AssetResponse` for what is shown of these memories of the caller's, by the id of the memory, in order of time;
    `conditions` on `Asset` narrow that down.

    One query; one more when there is something in them that isn't the caller's own, which others may have taken back.
    """
    rows = list(select_assets(MemoryAsset.memory, Asset.owner, *ASSET_COLUMNS)
                .join(MemoryAsset, on=MemoryAsset.asset == Asset.id)
                .where(MemoryAsset.memory.in_(many(memory_ids)), SHOWN, *conditions)
                .order_by(Asset.file_created_at, Asset.id).tuples())
    if foreign := {row[2] for row in rows if row[1] != auth.user_id}:
        foreign -= reachable(auth, foreign, Permission.ASSET_READ)
        rows = [row for row in rows if row[2] not in foreign]
    found: dict[str, list[dict]] = {}
    answers = assets_response(auth, [row[2:] for row in rows])
    for (memory_id, *_), answer in zip(rows, answers, strict=True):
        found.setdefault(memory_id, []).append(answer | {name: exif_instant(answer[name]) for name in NESTED_DATES})
    return found


def add(auth: Auth, memory_id: str, asset_ids: list[str]) -> list[dict]:
    """Put assets that the caller may share into a memory; `BulkIdResponse` for each id.

    Raises NoAccess(memory.read), as the real server says it here.
    """
    with atomic():
        lock_memory(auth, memory_id, Permission.MEMORY_READ)
        present = _present(memory_id, asset_ids)
        allowed = reachable(auth, set(asset_ids) - present, Permission.ASSET_SHARE)
        added = hold(allowed)
        if added:
            link({memory_id: added})
            _touch(memory_id)
    results = []
    for asset_id in asset_ids:
        if asset_id in added:
            added.discard(asset_id)
            present.add(asset_id)
            results.append(bulk_result(asset_id))
        elif asset_id in present:
            results.append(bulk_result(asset_id, BulkIdErrorReason.DUPLICATE))
        else:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NO_PERMISSION))
    return results


def remove(auth: Auth, memory_id: str, asset_ids: list[str]) -> list[dict]:
    """Take assets out of a memory; `BulkIdResponse` for each id. Raises NoAccess(memory.update)."""
    with atomic():
        lock_memory(auth, memory_id, Permission.MEMORY_UPDATE)
        present = _present(memory_id, asset_ids)
        if present:
            MemoryAsset.delete().where(MemoryAsset.memory == memory_id, MemoryAsset.asset.in_(many(present))).execute()
            _touch(memory_id)
    results = []
    for asset_id in asset_ids:
        if asset_id in present:
            present.discard(asset_id)
            results.append(bulk_result(asset_id))
        else:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NOT_FOUND))
    return results


def hold(asset_ids: Iterable[str]) -> set[str]:
    """Those of the assets that are still there; they are not deleted before the transaction around this has ended."""
    query = select_assets(Asset.id).where(Asset.id.in_(many(asset_ids))).order_by(Asset.id)
    return {asset_id for asset_id, in for_key_share(query).tuples()}


def link(contents: Mapping[str, Iterable[str]]) -> None:
    """Put assets into memories, `{memory id: asset ids}`; whoever calls holds the assets."""
    rows = [{"memory": memory_id, "asset": asset_id} for memory_id, ids in contents.items() for asset_id in ids]
    for part in chunks(rows):
        MemoryAsset.insert_many(part).execute()


def _present(memory_id: str, asset_ids: Iterable[str]) -> set[str]:
    query = MemoryAsset.select(MemoryAsset.asset).where(
        MemoryAsset.memory == memory_id, MemoryAsset.asset.in_(many(asset_ids))).tuples()
    return {asset_id for asset_id, in query}


def _touch(memory_id: str) -> None:
    """The memory has changed: its triggers see to the rest."""
    Memory.update(id=Memory.id).where(Memory.id == memory_id).execute()
