"""What happens to stacks, for other plugins (through `plugins.stacks.api`)."""

from __future__ import annotations

from dataclasses import dataclass

from immich_flask.contracts.events import Event


@dataclass(frozen=True, slots=True)
class StackUpdated(Event):
    """Stacks of this user were made, changed or taken apart."""

    stack_ids: tuple[str, ...]
    owner_id: str
