"""What albums do when something happens to assets; all of it inside the transaction. That locked ones leave, and covers
that are not shown any more give way, is not among it: triggers see to that."""

from __future__ import annotations

from immich_flask.contracts import events
from immich_flask.contracts.plugin import Listener
from plugins.albums import contents, covers


def listeners() -> list[Listener]:
    return [
        Listener(events.AssetCopied, "inside", _copy),
        Listener(events.AssetsMerged, "inside", _merge),
    ]


def _copy(event: events.AssetCopied) -> None:
    if event.albums:
        contents.copy_links(event.source_id, event.target_id)
        covers.repair([])


def _merge(event: events.AssetsMerged) -> None:
    contents.replace(event.pairs, by=event.owner_id)
    covers.repair([])
