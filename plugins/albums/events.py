"""What happens to albums, for other plugins (through `plugins.albums.api`)."""

from __future__ import annotations

from dataclasses import dataclass

from immich_flask.contracts.events import Event


@dataclass(frozen=True, slots=True)
class AlbumUpdated(Event):
    """Assets came or went by somebody's hand. `user_ids` are all members; `recipient_ids` those whom new assets are
    news for: all but the one who added them, nobody when assets went."""

    album_id: str
    user_ids: tuple[str, ...]
    recipient_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlbumInvited(Event):
    """`user_id` became a member of the album by the hand of `sender_id`."""

    album_id: str
    user_id: str
    sender_id: str
