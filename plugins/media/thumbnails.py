"""The job `AssetGenerateThumbnails`: preview, thumbnail and thumbhash, from one decode; and the full size of what
browsers cannot display, when the administrator wants it, and of every panorama among that.

A file that cannot be shown is kept and served as it is; why it has no picture stands in `asset_job_status`, and the job
among the failed ones. It is not tried again until somebody asks.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetFileType, AssetType, AssetVisibility, JobName
from immich_flask.contracts.errors import Hopeless
from immich_flask.contracts.events import AssetReady
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.events import emit
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif, AssetJobStatus
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import iso, now
from immich_flask.infra.sql import Lookup, find, for_update, update_row
from plugins.media import embedded, files
from plugins.media.decoders import Undecodable, decode
from plugins.media.images import Rendered, RenditionSpec, render_picture
from plugins.media.queueing import has_pictures, note_failure

EQUIRECTANGULAR = "EQUIRECTANGULAR"


def make(asset_id: str) -> None:
    """Make the asset's pictures and say that it is ready. Nothing, when it is gone or hidden by now.

    Raises Hopeless for a file that cannot be shown.
    """
    asset = find(Asset, asset_id)
    if asset is None or asset.visibility == AssetVisibility.HIDDEN:
        return
    try:
        rendered = render_asset(asset)
    except Undecodable as error:
        note_failure(asset.id, str(error))
        raise Hopeless(f"{asset.original_file_name} has no picture: {error}") from error
    stored = files.store(asset, rendered)
    if not _write(asset, rendered, stored):
        files.drop(stored)


def render_asset(asset: Asset) -> Rendered:
    """The pictures of an asset as it came. Raises Undecodable, and StorageError when its file cannot be read."""
    specs: dict[str, RenditionSpec | None] = {
        "thumbnail": files.spec(AssetFileType.THUMBNAIL), "preview": files.spec(AssetFileType.PREVIEW)}
    with runtime.storage.as_file(asset.storage_key) as path:
        if asset.type == AssetType.VIDEO:
            from plugins.media import video

            frame = video.frame(path, shorter_side=specs["preview"].size, max_megapixels=_max_megapixels())
            return render_picture(frame, **specs, colorspace=setting("image.colorspace"))
        is_panorama = _projection(asset) == EQUIRECTANGULAR
        if not media_types.is_web_image(asset.storage_key) and (setting("image.fullsize.enabled") or is_panorama):
            specs["fullsize"] = files.spec(AssetFileType.FULLSIZE)
        picture = decode_asset(asset, path, None if "fullsize" in specs else specs["preview"].size)
        return render_picture(picture, **specs, colorspace=setting("image.colorspace"),
                              xmp=_panorama(path) if is_panorama else None)


def decode_asset(asset: Asset, path: Path, shorter_side: int | None) -> Any:
    """The picture in the asset's file, as the administrator wants camera raw to be read. See `decoders.decode`."""
    embedded_from = setting("image.preview.size") if setting("image.extractEmbedded") else None
    return decode(path, filename=asset.original_file_name, shorter_side=shorter_side, embedded=embedded_from,
                  max_megapixels=_max_megapixels())


def _max_megapixels() -> int:
    """`[plugin.media] max_megapixels`."""
    return runtime.plugins.settings["media"]["max_megapixels"]


_PROJECTION = Lookup(lambda asset_id: AssetExif.select(AssetExif.projection_type).where(AssetExif.asset == asset_id))


def _projection(asset: Asset) -> str | None:
    return (_PROJECTION.first(asset.id) or (None,))[0]


def _panorama(path: Path) -> bytes:
    """What viewers need to know to wrap a panorama around the one who looks, as XMP for its renditions."""
    found = embedded.read(path).xmp
    return embedded.packet({key: values[0] for key, values in found.items() if key.startswith("Xmp.GPano.")})


_ASSET = Lookup(lambda asset_id: for_update(select_assets(Asset.is_edited, Asset.width).where(Asset.id == asset_id)))

_MADE = Lookup(lambda asset_id, moment, error: (
    AssetJobStatus.insert(asset=asset_id, thumbnails_made_at=moment, error=error)
    .on_conflict(conflict_target=[AssetJobStatus.asset],
                 preserve=[AssetJobStatus.thumbnails_made_at, AssetJobStatus.error])
    .returning(AssetJobStatus.asset)))


def _write(asset: Asset, rendered: Rendered, stored: files.Stored) -> bool:
    """False when the asset was deleted meanwhile."""
    with atomic():
        row = _ASSET.first(asset.id)
        if row is None:
            return False
        is_edited, width = row
        if is_edited:
            # Its thumbhash and size are those of the edit, which is made from the same file.
            enqueue(JobName.ASSET_EDIT_THUMBNAIL_GENERATION, id=asset.id, unless_waiting=True)
        else:
            columns: dict[str, Any] = {"thumbhash": base64.b64encode(rendered.thumbhash).decode()}
            if width is None:
                columns |= {"width": rendered.width, "height": rendered.height}
            update_row(Asset, asset.id, columns)
        files.replace(asset.id, stored, is_edited=False)
        is_first = not has_pictures(asset.id)
        _MADE.rows(asset.id, iso(now()), None)
        emit(AssetReady(asset.id, asset.owner_id, first=is_first))
    return True
