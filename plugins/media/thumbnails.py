"""The job `AssetGenerateThumbnails`: preview, thumbnail and thumbhash, from one decode.

A file that cannot be shown is kept and served as it is; why it has no picture stands in `asset_job_status`, and the job
among the failed ones. It is not tried again until somebody asks.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetFileType, AssetType, AssetVisibility
from immich_flask.contracts.errors import Hopeless
from immich_flask.contracts.events import AssetReady
from immich_flask.core.assets.keys import derived_key
from immich_flask.core.assets.objects import discard, remove_objects
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetFile, AssetJobStatus
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from plugins.media.decoders import Undecodable
from plugins.media.images import Rendered, RenditionSpec, render, render_picture

EXTENSIONS = {"jpeg": ".jpeg", "webp": ".webp"}


def make(asset_id: str) -> None:
    """Make the asset's pictures and say that it is ready. Nothing, when it is gone or hidden by now.

    Raises Hopeless for a file that cannot be shown.
    """
    asset = Asset.get_or_none(Asset.id == asset_id)
    if asset is None or asset.visibility == AssetVisibility.HIDDEN:
        return
    specs = {kind: _spec(kind) for kind in (AssetFileType.PREVIEW, AssetFileType.THUMBNAIL)}
    try:
        with runtime.storage.as_file(asset.storage_key) as path:
            rendered = _render(asset, path, specs)
    except Undecodable as error:
        _note(asset, error=str(error))
        raise Hopeless(f"{asset.original_file_name} has no picture: {error}") from error
    contents = {AssetFileType.PREVIEW: rendered.preview, AssetFileType.THUMBNAIL: rendered.thumbnail}
    files = {}
    for kind, content in contents.items():
        key = derived_key(kind, asset.owner_id, asset.id, EXTENSIONS[specs[kind].format])
        runtime.storage.put(key, [content], content_type=media_types.mime_type(key))
        files[kind] = (key, len(content))
    if not _write(asset, rendered, files):
        discard([key for key, _ in files.values()])


def _spec(kind: AssetFileType) -> RenditionSpec:
    options = setting(f"image.{kind}")
    return RenditionSpec(options["format"], options["size"], options["quality"], options["progressive"])


def _render(asset: Asset, path: Path, specs: dict[AssetFileType, RenditionSpec]) -> Rendered:
    options: dict[str, Any] = {
        "thumbnail": specs[AssetFileType.THUMBNAIL], "preview": specs[AssetFileType.PREVIEW],
        "colorspace": setting("image.colorspace"),
    }
    if asset.type == AssetType.VIDEO:
        from plugins.media import video

        return render_picture(video.frame(path, shorter_side=options["preview"].size), **options)
    return render(path, filename=asset.original_file_name, **options)


def _write(asset: Asset, rendered: Rendered, files: dict[AssetFileType, tuple[str, int]]) -> bool:
    """False when the asset was deleted meanwhile."""
    with atomic():
        columns: dict[str, Any] = {"thumbhash": base64.b64encode(rendered.thumbhash).decode()}
        if asset.width is None:
            columns |= {"width": rendered.width, "height": rendered.height}
        if not Asset.update(columns).where(Asset.id == asset.id).execute():
            return False
        status = AssetJobStatus.get_or_none(AssetJobStatus.asset == asset.id)
        old = dict(AssetFile.select(AssetFile.type, AssetFile.storage_key)
                   .where(AssetFile.asset == asset.id, AssetFile.type.in_(list(files)), ~AssetFile.is_edited).tuples())
        AssetFile.insert_many([
            {"asset": asset.id, "type": kind, "is_edited": False, "storage_key": key, "size_in_byte": size}
            for kind, (key, size) in files.items()
        ]).on_conflict(conflict_target=[AssetFile.asset, AssetFile.type, AssetFile.is_edited],
                       preserve=[AssetFile.storage_key, AssetFile.size_in_byte]).execute()
        remove_objects({*old.values()} - {key for key, _ in files.values()})
        _note(asset, thumbnails_made_at=now())
        emit(AssetReady(asset.id, asset.owner_id, first=status is None or status.thumbnails_made_at is None))
    return True


def _note(asset: Asset, **columns: Any) -> None:
    columns.setdefault("error", None)
    with atomic():
        if Asset.get_or_none(Asset.id == asset.id) is not None:
            (AssetJobStatus.insert(asset=asset.id, **columns)
             .on_conflict(conflict_target=[AssetJobStatus.asset],
                          preserve=[getattr(AssetJobStatus, name) for name in columns]).execute())
