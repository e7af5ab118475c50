"""What albums do when something happens to assets; all of it inside the transaction. That locked ones leave is not
among it: a trigger sees to that."""

from __future__ import annotations

from immich_flask.contracts import events
from immich_flask.contracts.plugin import Listener
from plugins.albums import contents, covers


def listeners() -> list[Listener]:
    return [
        Listener(events.AssetCopied, "inside", _copy),
        Listener(events.AssetsMerged, "inside", _merge),
        Listener(events.AssetsTrashed, "inside", _repair),
        Listener(events.AssetsRestored, "inside", _repair),
        Listener(events.AssetsDeleted, "inside", _repair),
        Listener(events.AssetHidden, "inside", _hidden),
        Listener(events.AssetsUpdated, "inside", _updated),
    ]


def _copy(event: events.AssetCopied) -> None:
    if event.albums:
        contents.copy_links(event.source_id, event.target_id)
        covers.repair([])


def _merge(event: events.AssetsMerged) -> None:
    contents.replace(event.pairs, by=event.owner_id)
    covers.repair([])


def _repair(event: events.AssetsTrashed | events.AssetsRestored | events.AssetsDeleted) -> None:
    covers.repair(event.asset_ids)


def _hidden(event: events.AssetHidden) -> None:
    covers.repair([event.asset_id])


def _updated(event: events.AssetsUpdated) -> None:
    if "visibility" in event.changed:
        covers.repair(event.asset_ids)
