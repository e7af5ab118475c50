"""What is to be done when: metadata after the upload, pictures after the metadata, and all of it again when asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetJobName, AssetType, AssetVisibility, JobName
from immich_flask.contracts.events import AssetCreated, AssetMetadataExtracted, AssetsUpdated, JobFailed
from immich_flask.contracts.media_types import WEB_IMAGE
from immich_flask.core.assets.visible import require, select_assets
from immich_flask.core.jobs import enqueue, enqueue_many
from immich_flask.core.models import Asset, AssetExif, AssetFile, AssetJobStatus
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic, many
from immich_flask.infra.sql import Lookup, find
from plugins.media import large

PORTION = 1000

JOBS = {
    AssetJobName.REFRESH_FACES: JobName.ASSET_DETECT_FACES,
    AssetJobName.REFRESH_METADATA: JobName.ASSET_EXTRACT_METADATA,
    AssetJobName.REGENERATE_THUMBNAIL: JobName.ASSET_GENERATE_THUMBNAILS,
    AssetJobName.TRANSCODE_VIDEO: JobName.ASSET_ENCODE_VIDEO,
}


SAID = frozenset({"description", "rating", "latitude", "longitude", "date_time_original", "time_zone", "tags"})
"""Columns of `asset_exif` that users change, and that are written into sidecars then."""


def on_created(event: AssetCreated) -> None:
    enqueue(JobName.ASSET_EXTRACT_METADATA, id=event.asset_id)


def has_pictures(asset_id: str) -> bool:
    """Whether an asset's pictures were made before."""
    return _MADE.first(asset_id) is not None


_MADE = Lookup(lambda asset_id: AssetJobStatus.select(SQL("1")).where(
    AssetJobStatus.asset == asset_id, AssetJobStatus.thumbnails_made_at.is_null(False)))


def on_extracted(event: AssetMetadataExtracted) -> None:
    # Pictures that are there do not change with what is known of them.
    if not has_pictures(event.asset_id):
        enqueue(JobName.ASSET_GENERATE_THUMBNAILS, id=event.asset_id, unless_waiting=True)


def on_updated(event: AssetsUpdated) -> None:
    """The moving part of a live photo has no picture of its own; it needs one when it is shown by itself. What lies in an
    external library may have become another picture."""
    if "visibility" in event.changed:
        shown = _without_thumbnails().where(
            Asset.id.in_(many(event.asset_ids)), Asset.visibility != AssetVisibility.HIDDEN)
        enqueue_thumbnails(asset_id for asset_id, in shown.tuples())
    if event.changed & {"sidecar", "original"}:
        enqueue_extraction(event.asset_ids)
    if "original" in event.changed:
        enqueue_thumbnails(event.asset_ids)
    if event.changed & SAID:
        enqueue_sidecars(event.asset_ids)


def on_failed(event: JobFailed) -> None:
    """What killed every process that opened it is not opened again by itself, as what could not be shown."""
    if event.name == JobName.ASSET_GENERATE_THUMBNAILS and event.killed:
        note_failure(event.payload["id"], event.error)


def note_failure(asset_id: str, error: str) -> None:
    """Write down why an asset has no pictures. Nothing, when it is gone by now."""
    with atomic():
        if find(Asset, asset_id) is not None:
            (AssetJobStatus.insert(asset=asset_id, error=error)
             .on_conflict(conflict_target=[AssetJobStatus.asset], preserve=[AssetJobStatus.error]).execute())


def run_again(auth: Auth, name: AssetJobName, asset_ids: Iterable[str]) -> None:
    """Have a kind of work on assets of the caller's done again. Raises NoAccess(asset.update).

    Work that no plugin does is none: films are played as they are, faces are not looked for. Upstream accepts such a
    request likewise, and its jobs end without having done anything.
    """
    with atomic():
        require(auth, asset_ids, "asset.update")
        if JOBS[name] in runtime.jobs:
            enqueue_many(JOBS[name], ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def enqueue_extraction(asset_ids: Iterable[str]) -> None:
    """Read the metadata of these assets (again), then make the pictures of those that have none."""
    enqueue_many(JobName.ASSET_EXTRACT_METADATA, ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def enqueue_thumbnails(asset_ids: Iterable[str]) -> None:
    """Make the pictures of these assets (again)."""
    enqueue_many(JobName.ASSET_GENERATE_THUMBNAILS, ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def enqueue_sidecars(asset_ids: Iterable[str]) -> None:
    """Write beside these assets what their owners have said about them."""
    enqueue_many(JobName.SIDECAR_WRITE, ({"id": asset_id} for asset_id in asset_ids), unless_waiting=True)


def run_sidecar(id: str) -> None:
    from plugins.media.sidecars import write

    write(id)


def run_extraction(id: str) -> None:
    from plugins.media.extraction import extract

    extract(id)


def run_thumbnails(id: str) -> None:
    from plugins.media.thumbnails import make

    with turns():
        make(id)


def run_edits(id: str) -> None:
    from plugins.media.edit_rendering import render_edits

    with turns():
        render_edits(id)


def turns() -> AbstractContextManager[None]:
    """Around work with pictures: see `large`."""
    return large.turns(runtime.plugins.settings["media"]["large_at_once"])


def queue_extraction(force: bool = False) -> None:
    """Queue the extraction of everything, or of what never had it."""
    query = _with_status()
    for ids in _portions(query if force else query.where(AssetJobStatus.metadata_extracted_at.is_null())):
        enqueue_extraction(ids)


def queue_sidecars(force: bool = False) -> None:
    """Queue the sidecars of everything about which something was said, or of what has none yet."""
    said = select_assets(Asset.id).join(AssetExif).where(AssetExif.locked.cast("TEXT") != "[]")
    has_one = fn.EXISTS(AssetFile.select(SQL("1")).where(
        AssetFile.asset == Asset.id, AssetFile.type == AssetFileType.SIDECAR))
    for ids in _portions(said if force else said.where(~has_one)):
        enqueue_sidecars(ids)


def queue_thumbnails(force: bool = False) -> None:
    """Queue the pictures of everything, or of what lacks some and did not fail."""
    shown = Asset.visibility != AssetVisibility.HIDDEN
    queries = [_with_status()] if force else [_without_thumbnails(), *_without_fullsize()]
    for query in queries:
        for ids in _portions(query.where(shown)):
            enqueue_thumbnails(ids)
    for ids in _portions(_unrendered()):
        payloads = ({"id": asset_id} for asset_id in ids)
        enqueue_many(JobName.ASSET_EDIT_THUMBNAIL_GENERATION, payloads, unless_waiting=True)


def _with_status() -> Any:
    return select_assets(Asset.id).left_outer_join(AssetJobStatus).where(
        Asset.type.in_((AssetType.IMAGE, AssetType.VIDEO)))


def _without_thumbnails() -> Any:
    return _with_status().where(AssetJobStatus.thumbnails_made_at.is_null(), AssetJobStatus.error.is_null())


def _without_fullsize() -> Iterator[Any]:
    """Pictures that browsers don't display and that have no full size, if there shall be one."""
    if setting("image.fullsize.enabled"):
        is_web = [Asset.original_file_name.endswith(ending) for ending in WEB_IMAGE]
        yield _with_status().where(Asset.type == AssetType.IMAGE, ~reduce(or_, is_web), ~_has_fullsize(is_edited=False),
                                   AssetJobStatus.error.is_null())


def _unrendered() -> Any:
    """What was edited while its edit could not be rendered."""
    return _with_status().where(Asset.is_edited, ~_has_fullsize(is_edited=True), AssetJobStatus.error.is_null())


def _has_fullsize(*, is_edited: bool) -> Any:
    return fn.EXISTS(AssetFile.select(SQL("1")).where(
        AssetFile.asset == Asset.id, AssetFile.type == AssetFileType.FULLSIZE, AssetFile.is_edited == is_edited))


def _portions(query: Any) -> Iterator[list[str]]:
    """The ids that `query` gives, in portions, by the order of the primary key: a long list is never whole in memory,
    and what the portions' jobs change meanwhile does no harm."""
    after = ""
    ordered = query.order_by(Asset.id).limit(PORTION)
    while ids := [asset_id for asset_id, in (ordered.where(Asset.id > after) if after else ordered).tuples()]:
        yield ids
        after = ids[-1]
