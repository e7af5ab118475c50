"""The job `SidecarWrite`: what a user says about a picture is written beside it as XMP, so that it goes along wherever
the folder is copied to, and to an asset that takes this one's place.

The rows stay the truth: what was said is `locked` against later extractions whether a sidecar could be written or not
(upstream unlocks it then, and loses what was changed while a file was read). An uploaded sidecar is changed in place;
what else it says stays in it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetFileType, JobName
from immich_flask.core.assets import quota
from immich_flask.core.assets.keys import ORIGINALS, original_key, sidecar_key
from immich_flask.core.assets.objects import discard, remove_objects
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif, AssetFile
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import instant, wire
from immich_flask.infra.storage.base import ObjectNotFound
from plugins.media import embedded
from plugins.media.metadata import SWAPPED_LEVELS

log = logging.getLogger(__name__)
Values = Mapping[str, str | tuple[str, ...]]
"""See `embedded.packet`."""


def write(asset_id: str) -> None:
    """Bring the asset's sidecar up to what its owner has said. Nothing, when he has said nothing, or the asset is gone.

    Two runs that overlap end well: each looks, after writing, whether what it wrote is still what was said.
    """
    asset = Asset.get_or_none(Asset.id == asset_id)
    values = _said(asset_id)
    if asset is None or not values:
        return
    before, size = _sidecar(asset_id)
    old = _content(before) if before else b""
    try:
        new = embedded.packet(values, old)
    except ValueError as error:
        log.warning("the sidecar of %s is left as it is, for it cannot be read: %s", asset_id, error)
        return
    key = before if before and before.startswith(f"{ORIGINALS}/") else _key(asset)
    # The size, because a run may have been killed between the file and its row.
    if new != old or key != before or len(new) != size:
        runtime.storage.put(key, [new], content_type=media_types.mime_type(key))
        if not _record(asset, key, len(new), values):
            discard([key])
            return
    if "Xmp.exif.GPSLatitude" in values:
        # The place tells the zone, where nothing else does.
        enqueue(JobName.ASSET_EXTRACT_METADATA, id=asset_id, unless_waiting=True)


def _record(asset: Asset, key: str, size: int, values: Values) -> bool:
    """False when the asset was deleted meanwhile."""
    with atomic():
        quota.lock([asset.owner_id])
        if Asset.get_or_none(Asset.id == asset.id) is None:
            return False
        before, _ = _sidecar(asset.id)
        (AssetFile.insert(asset=asset.id, type=AssetFileType.SIDECAR, is_edited=False, storage_key=key,
                          size_in_byte=size)
         .on_conflict(conflict_target=[AssetFile.asset, AssetFile.type, AssetFile.is_edited],
                      preserve=[AssetFile.storage_key, AssetFile.size_in_byte]).execute())
        if before and before != key and before.startswith(f"{ORIGINALS}/"):
            remove_objects([before])
        if _said(asset.id) != values:
            enqueue(JobName.SIDECAR_WRITE, id=asset.id, unless_waiting=True)
    return True


def _key(asset: Asset) -> str:
    """Beside the original; where that is not of our folders, among them."""
    if asset.storage_key.startswith(f"{ORIGINALS}/"):
        return sidecar_key(asset.storage_key)
    return sidecar_key(original_key(asset.owner_id, asset.id, asset.original_file_name))


def _sidecar(asset_id: str) -> tuple[str | None, int | None]:
    """Key and bytes, as the row says."""
    return (AssetFile.select(AssetFile.storage_key, AssetFile.size_in_byte)
            .where(AssetFile.asset == asset_id, AssetFile.type == AssetFileType.SIDECAR).tuples().first()
            or (None, None))


def _content(key: str) -> bytes:
    try:
        with runtime.storage.open(key) as stream:
            return stream.read()
    except ObjectNotFound:
        return b""


def _said(asset_id: str) -> Values:
    """What the owner has said, by the keys that `tags` reads."""
    row = AssetExif.get_or_none(AssetExif.asset == asset_id)
    said = set(row.locked) if row else set()
    values: dict[str, str | tuple[str, ...]] = {}
    if "description" in said:
        values |= dict.fromkeys(("Xmp.dc.description", "Xmp.tiff.ImageDescription"), row.description or "")
    if "rating" in said:
        values["Xmp.xmp.Rating"] = str(row.rating or 0)
    if "latitude" in said and row.latitude is not None and row.longitude is not None:
        values |= {"Xmp.exif.GPSLatitude": degrees(row.latitude, "NS"),
                   "Xmp.exif.GPSLongitude": degrees(row.longitude, "EW")}
    if "date_time_original" in said:
        taken, local = select_assets(wire(Asset.file_created_at), wire(Asset.local_date_time)).where(
            Asset.id == asset_id).tuples().get()
        values |= dict.fromkeys(("Xmp.exif.DateTimeOriginal", "Xmp.photoshop.DateCreated"),
                                with_offset(instant(taken), instant(local)))
    if "tags" in said:
        values |= tag_lists(row.tags or ())
    return values


def degrees(value: float, letters: str) -> str:
    """ "48,51.5037N": whole degrees and minutes, as XMP has positions. `letters` are those of above and below zero."""
    whole, minutes = divmod(round(abs(value) * 60, 6), 60)
    return f"{whole:.0f},{minutes:.6f}".rstrip("0").rstrip(".") + letters[value < 0]


def with_offset(taken: datetime, local: datetime) -> str:
    """An instant as the clock showed it, which `local` gives as if it were UTC."""
    offset = timedelta(minutes=round((local - taken) / timedelta(minutes=1)))
    return taken.astimezone(timezone(offset)).isoformat(timespec="milliseconds")


def tag_lists(paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The three lists that programs know: digiKam's, Lightroom's, and the plain words of all others."""
    paths = tuple(paths)
    return {
        "Xmp.digiKam.TagsList": paths,
        "Xmp.lr.hierarchicalSubject": tuple(path.translate(SWAPPED_LEVELS) for path in paths),
        "Xmp.dc.subject": tuple(dict.fromkeys(path.rpartition("/")[2] for path in paths)),
    }
