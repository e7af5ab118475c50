"""Checkpoints: what a session has acknowledged, and forgetting it.

An ack is `Type|id` or `Type|id|extra` and opaque to the client, which returns the last one of each run of lines of one
type. It is stored as it came (server/src/utils/sync.ts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.sync import SyncEntityType
from immich_flask.core.models import Session
from immich_flask.infra.db import atomic
from plugins.sync.models import SyncCheckpoint

COMPLETE = "complete"
"""Stands for an id in the acks of backfill: all of it was sent."""

_TYPES = frozenset(map(str, SyncEntityType))

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ACK = re.compile(rf"\w+\|({_UUID})(?:\|({_UUID}|{COMPLETE}))?")


class Checkpoint(NamedTuple):
    """`id`: up to which the rows are known. In backfill: of the parent that was begun, and `extra`: up to which of its
    rows, or `complete`."""

    id: str
    extra: str | None = None


def listed(session_id: str) -> list[dict]:
    """`[{type, ack}]`, by type."""
    query = (SyncCheckpoint.select(SyncCheckpoint.type, SyncCheckpoint.ack)
             .where(SyncCheckpoint.session == session_id).order_by(SyncCheckpoint.type))
    return list(query.dicts())


def checkpoints(session_id: str) -> dict[str, Checkpoint]:
    """By type. An ack that never came from here counts for nothing: the rows are sent again."""
    read = {row["type"]: _ACK.fullmatch(row["ack"]) for row in listed(session_id)}
    return {type: Checkpoint(*match.groups()) for type, match in read.items() if match}


def store(session_id: str, acks: Sequence[str]) -> None:
    """Remember the last of `acks` of each type. `SyncResetV1` among them forgets everything instead.

    Raises BadRequest, and stores nothing, when one names an unknown type.
    """
    last: dict[str, str] = {}
    for ack in acks:
        type = ack.partition("|")[0]
        if type == SyncEntityType.SYNC_RESET_V1:
            reset(session_id)
            return
        if type not in _TYPES:
            raise BadRequest(f"Invalid ack type: {type}")
        last[type] = ack
    _write(session_id, last)


def mark_complete(session_id: str, parents: dict[str, str]) -> None:
    """Store on the client's behalf that backfill is done, up to the access with this `create_id`, by type."""
    _write(session_id, {type: f"{type}|{created}|{COMPLETE}" for type, created in parents.items()})


def forget(session_id: str, types: Iterable[str] | None = None) -> None:
    """Forget the checkpoints of `types`; of all, without."""
    condition = SyncCheckpoint.session == session_id
    if types is not None:
        condition &= SyncCheckpoint.type.in_(list(types))
    with atomic():
        SyncCheckpoint.delete().where(condition).execute()


def reset(session_id: str) -> None:
    """Forget all checkpoints, and that the session was told to start over."""
    with atomic():
        forget(session_id)
        (Session.update(is_pending_sync_reset=False)
         .where(Session.id == session_id, Session.is_pending_sync_reset).execute())


def _write(session_id: str, acks: dict[str, str]) -> None:
    if not acks:
        return
    with atomic():
        (SyncCheckpoint.insert_many([{"session": session_id, "type": type, "ack": ack} for type, ack in acks.items()])
         .on_conflict(conflict_target=[SyncCheckpoint.session, SyncCheckpoint.type], preserve=[SyncCheckpoint.ack])
         .execute())
