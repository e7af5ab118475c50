"""What is to be done when: metadata after the upload, pictures after the metadata, and all of it again when asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from immich_flask.contracts.enums import AssetType, AssetVisibility, JobName
from immich_flask.contracts.events import AssetCreated, AssetMetadataExtracted, AssetsUpdated
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.jobs import enqueue, enqueue_many
from immich_flask.core.models import Asset, AssetJobStatus
from immich_flask.infra.db import many

PORTION = 1000


def on_created(event: AssetCreated) -> None:
    enqueue(JobName.ASSET_EXTRACT_METADATA, id=event.asset_id)


def on_extracted(event: AssetMetadataExtracted) -> None:
    enqueue(JobName.ASSET_GENERATE_THUMBNAILS, id=event.asset_id, unless_waiting=True)


def on_updated(event: AssetsUpdated) -> None:
    """The moving part of a live photo has no picture of its own; it needs one when it is shown by itself."""
    if "visibility" in event.changed:
        shown = _without_thumbnails().where(
            Asset.id.in_(many(event.asset_ids)), Asset.visibility != AssetVisibility.HIDDEN)
        enqueue_thumbnails(asset_id for asset_id, in shown.tuples())
    if "sidecar" in event.changed:
        enqueue_extraction(event.asset_ids)


def enqueue_extraction(asset_ids: Iterable[str]) -> None:
    """Read the metadata of these assets (again), then make their pictures."""
    enqueue_many(JobName.ASSET_EXTRACT_METADATA, ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def enqueue_thumbnails(asset_ids: Iterable[str]) -> None:
    """Make the pictures of these assets (again)."""
    enqueue_many(JobName.ASSET_GENERATE_THUMBNAILS, ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def run_extraction(id: str) -> None:
    from plugins.media.extraction import extract

    extract(id)


def run_thumbnails(id: str) -> None:
    from plugins.media.thumbnails import make

    make(id)


def queue_extraction(force: bool = False) -> None:
    """Queue the extraction of everything, or of what never had it."""
    query = _with_status()
    for ids in _portions(query if force else query.where(AssetJobStatus.metadata_extracted_at.is_null())):
        enqueue_extraction(ids)


def queue_thumbnails(force: bool = False) -> None:
    """Queue the pictures of everything, or of what has none and did not fail."""
    query = _with_status() if force else _without_thumbnails()
    for ids in _portions(query.where(Asset.visibility != AssetVisibility.HIDDEN)):
        enqueue_thumbnails(ids)


def _with_status() -> Any:
    return select_assets(Asset.id).left_outer_join(AssetJobStatus).where(
        Asset.type.in_((AssetType.IMAGE, AssetType.VIDEO)))


def _without_thumbnails() -> Any:
    return _with_status().where(AssetJobStatus.thumbnails_made_at.is_null(), AssetJobStatus.error.is_null())


def _portions(query: Any) -> Iterator[list[str]]:
    """The ids that `query` gives, in portions, by the order of the primary key: a long list is never whole in memory,
    and what the portions' jobs change meanwhile does no harm."""
    after = ""
    ordered = query.order_by(Asset.id).limit(PORTION)
    while ids := [asset_id for asset_id, in (ordered.where(Asset.id > after) if after else ordered).tuples()]:
        yield ids
        after = ids[-1]
