"""Making, finding, changing and deleting memories (server/src/services/memory.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.filters import switched_on
from immich_flask.core.assets.visible import reachable
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import wire
from plugins.memories.access import lock_memory, mine
from plugins.memories.contents import assets_of, hold, link
from plugins.memories.models import Memory
from plugins.memories.schemas import MemorySearchOrder

COLUMNS = (
    Memory.id, wire(Memory.created_at), wire(Memory.updated_at), wire(Memory.deleted_at), wire(Memory.memory_at),
    wire(Memory.seen_at), wire(Memory.show_at), wire(Memory.hide_at), Memory.owner, Memory.type, Memory.data,
    Memory.is_saved,
)

NAMES = ("id", "createdAt", "updatedAt", "deletedAt", "memoryAt", "seenAt", "showAt", "hideAt", "ownerId", "type",
         "data", "isSaved")
"""Of `COLUMNS`, on the wire."""


def search(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """The caller's memories of which there is anything to see, latest `memory_at` first unless `order` says otherwise.

    query: any of `day` (offered on that day), `is_saved`, `is_trashed`, `type`, `order`, and `size`, which counts the
    memories without visible assets, as on the real server.
    """
    found = _found(auth, query, *COLUMNS)
    order = query.get("order")
    if order == MemorySearchOrder.RANDOM:
        found = found.order_by(fn.RANDOM())
    elif order == MemorySearchOrder.ASC:
        found = found.order_by(Memory.memory_at, Memory.id)
    else:
        found = found.order_by(Memory.memory_at.desc(), Memory.id)
    if "size" in query:
        found = found.limit(query["size"])
    seen = switched_on(auth, "withoutHiddenPeople")
    return [memory for memory in _answers(auth, found.tuples(), *seen) if memory["assets"]]


def count(auth: Auth, query: Mapping[str, Any]) -> int:
    """How many memories the caller has, with or without anything to see; `query` as in `search`."""
    return _found(auth, query).count()


def memory(auth: Auth, memory_id: str) -> dict:
    """One memory. Raises NoAccess(memory.read)."""
    answers = _answers(auth, Memory.select(*COLUMNS).where(Memory.id == memory_id, mine(auth)).tuples())
    if not answers:
        raise NoAccess(Permission.MEMORY_READ)
    return answers[0]


def create(auth: Auth, values: Mapping[str, Any], asset_ids: Iterable[str]) -> dict:
    """Make a memory of the caller's. `values` by column; assets that he may not share are left out."""
    with atomic():
        made = Memory.create(owner=auth.user_id, **values)
        if allowed := reachable(auth, asset_ids, Permission.ASSET_SHARE):
            link({made.id: hold(allowed)})
        return memory(auth, made.id)


def update(auth: Auth, memory_id: str, changes: Mapping[str, Any]) -> dict:
    """Change `is_saved`, `seen_at`, `memory_at`; what is absent stays. Raises NoAccess(memory.update)."""
    with atomic():
        lock_memory(auth, memory_id, Permission.MEMORY_UPDATE)
        Memory.update(changes).where(Memory.id == memory_id).execute()
        return memory(auth, memory_id)


def delete(auth: Auth, memory_id: str) -> None:
    """Delete a memory; the assets stay. Raises NoAccess(memory.delete)."""
    with atomic():
        if not Memory.delete().where(Memory.id == memory_id, mine(auth)).execute():
            raise NoAccess(Permission.MEMORY_DELETE)


def _found(auth: Auth, query: Mapping[str, Any], *columns: Any) -> Any:
    found = Memory.select(*columns).where(Memory.owner == auth.user_id,
                                          Memory.deleted_at.is_null(not query.get("is_trashed", False)))
    if "is_saved" in query:
        found = found.where(Memory.is_saved == query["is_saved"])
    if "type" in query:
        found = found.where(Memory.type == query["type"])
    if "day" in query:
        moment = datetime.combine(query["day"], time(), UTC)
        found = found.where(Memory.show_at.is_null() | (Memory.show_at <= moment),
                            Memory.hide_at.is_null() | (Memory.hide_at >= moment))
    return found


def _answers(auth: Auth, rows: Iterable[tuple], *conditions: Any) -> list[dict]:
    rows = list(rows)
    assets = assets_of(auth, [row[0] for row in rows], *conditions) if rows else {}
    return [_answer(row, assets.get(row[0], [])) for row in rows]


def _answer(row: tuple, assets: list[dict]) -> dict:
    """`MemoryResponse`; dates that are not set are left out."""
    answer = {name: value for name, value in zip(NAMES, row, strict=True) if value is not None}
    return {**answer, "isSaved": bool(answer["isSaved"]), "assets": assets}
