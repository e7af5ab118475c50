"""Memories are their owner's alone (server/src/repositories/access.repository.ts)."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.infra.sql import for_update
from plugins.memories.models import Memory


def mine(auth: Auth) -> Any:
    """The condition for the caller's memories."""
    return (Memory.owner == auth.user_id) & Memory.deleted_at.is_null()


def lock_memory(auth: Auth, memory_id: str, permission: str) -> None:
    """Keep everybody else from changing the memory until the transaction ends. Raises NoAccess(`permission`) where it
    isn't the caller's, or there is none."""
    if not list(for_update(Memory.select(Memory.id).where(Memory.id == memory_id, mine(auth))).tuples()):
        raise NoAccess(permission)
