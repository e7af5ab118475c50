"""The job `AssetEditThumbnailGeneration`: what is shown of a picture becomes what its edits say.

Every rendering has file names of its own. Two runs that overlap, or one that is repeated, therefore never write into
each other's files, and a run whose edits were replaced meanwhile takes back what it made: the next run is queued.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from immich_flask.contracts.enums import AssetFileType
from immich_flask.contracts.errors import Hopeless
from immich_flask.contracts.events import AssetEdited
from immich_flask.core.assets import quota
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic
from plugins.media import files
from plugins.media.decoders import Undecodable
from plugins.media.edits import size_in_file
from plugins.media.images import Rendered, render_picture
from plugins.media.models import AssetEdit
from plugins.media.retouch import Step, retouched
from plugins.media.thumbnails import decode_asset, render_asset


def render_edits(asset_id: str) -> None:
    """Make the pictures of the asset's edits, or remove them where it has none any more, and say that it is done.

    Raises Hopeless when the picture cannot be shown.
    """
    asset = Asset.get_or_none(Asset.id == asset_id)
    if asset is None:
        return
    edits = _edits(asset_id)
    try:
        if edits:
            rendered = _render(asset, edits)
        else:
            rendered = render_asset(asset) if _was_edited(asset_id) else None
    except Undecodable as error:
        raise Hopeless(f"{asset.original_file_name} cannot be edited: {error}") from error
    stored = files.store(asset, rendered, edit=secrets.token_hex(4)) if edits else {}
    if not _write(asset, edits, rendered, stored):
        files.drop(stored)


def _edits(asset_id: str) -> list[dict]:
    """`SyncAssetEditV1` of each."""
    query = AssetEdit.select(
        AssetEdit.id, AssetEdit.asset.alias("assetId"), AssetEdit.action, AssetEdit.parameters, AssetEdit.sequence)
    return list(query.where(AssetEdit.asset == asset_id).order_by(AssetEdit.sequence).dicts())


def _was_edited(asset_id: str) -> bool:
    return AssetFile.select().where(AssetFile.asset == asset_id, AssetFile.is_edited).exists()


def _render(asset: Asset, edits: list[dict]) -> Rendered:
    steps = [Step(edit["action"], edit["parameters"]) for edit in edits]
    with runtime.storage.as_file(asset.storage_key) as path:
        picture = decode_asset(asset, path, None)
    width, height = size_in_file(asset.id)
    return render_picture(
        retouched(picture, steps, width or picture.width, height or picture.height),
        thumbnail=files.spec(AssetFileType.THUMBNAIL), preview=files.spec(AssetFileType.PREVIEW),
        fullsize=files.spec(AssetFileType.FULLSIZE), colorspace=setting("image.colorspace"))


def _write(asset: Asset, edits: list[dict], rendered: Rendered | None, stored: files.Stored) -> bool:
    """False when the asset was deleted, or edited anew, meanwhile."""
    with atomic():
        quota.lock([asset.owner_id])
        if Asset.get_or_none(Asset.id == asset.id) is None or _edits(asset.id) != edits:
            return False
        if rendered is not None:
            width, height = (None, None) if edits else size_in_file(asset.id)
            columns: dict[str, Any] = {"thumbhash": base64.b64encode(rendered.thumbhash).decode(),
                                       "width": width or rendered.width, "height": height or rendered.height}
            Asset.update(columns).where(Asset.id == asset.id).execute()
            files.replace(asset.id, stored, is_edited=True)
        emit(AssetEdited(asset.id, asset.owner_id, tuple(edits)))
    return True
