"""What links do when something happens to assets; all of it inside the transaction. That locked ones leave is not
among it: a trigger sees to that."""

from __future__ import annotations

from immich_flask.contracts import events
from immich_flask.contracts.plugin import Listener
from plugins.shared_links import contents


def listeners() -> list[Listener]:
    return [
        Listener(events.AssetCreated, "inside", _brought),
        Listener(events.DuplicateUploaded, "inside", _brought),
        Listener(events.AssetCopied, "inside", _copied),
    ]


def _brought(event: events.AssetCreated | events.DuplicateUploaded) -> None:
    if event.shared_link_id is not None:
        contents.receive(event.shared_link_id, event.asset_id)


def _copied(event: events.AssetCopied) -> None:
    if event.shared_links:
        contents.copy(event.source_id, event.target_id)
