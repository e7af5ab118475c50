"""Reading, replacing and undoing the edits of a picture (server/src/services/asset.service.ts)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetType, JobName
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets import quota
from immich_flask.core.assets.visible import require, visible
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic
from plugins.media.models import AssetEdit, AssetEditAction

_FACTS = (
    Asset.type, Asset.live_photo_video, Asset.original_file_name, AssetExif.projection_type,
    AssetExif.exif_image_width, AssetExif.exif_image_height, AssetExif.orientation,
)


def edits_of(auth: Auth, asset_id: str) -> dict:
    """`AssetEditsResponseDto`. Who may see the asset may see what was done to it. Raises NoAccess(asset.read)."""
    require(auth, [asset_id], "asset.read")
    return _answer(asset_id)


def replace(auth: Auth, asset_id: str, edits: Sequence[dict]) -> dict:
    """Give a picture of the caller's these edits in place of those it had, and have it rendered; the edits as they are
    then. `edits`: `[{action, parameters}]`, valid by themselves.

    Raises NoAccess(asset.edit.create), and BadRequest for what cannot be edited, or not so.
    """
    with atomic():
        quota.lock([auth.user_id])
        require(auth, [asset_id], "asset.edit.create")
        _check(visible(auth, "asset.edit.create", *_FACTS).join(AssetExif).where(Asset.id == asset_id).tuples().get(),
               edits)
        AssetEdit.delete().where(AssetEdit.asset == asset_id).execute()
        for sequence, edit in enumerate(edits):
            AssetEdit.create(asset=asset_id, sequence=sequence, **edit)
        Asset.update(is_edited=True).where(Asset.id == asset_id, ~Asset.is_edited).execute()
        render(asset_id)
        return _answer(asset_id)


def undo(auth: Auth, asset_id: str) -> None:
    """Show a picture of the caller's as it came; nothing, when it has no edits. Raises NoAccess(asset.edit.delete)."""
    with atomic():
        quota.lock([auth.user_id])
        require(auth, [asset_id], "asset.edit.delete")
        AssetEdit.delete().where(AssetEdit.asset == asset_id).execute()
        Asset.update(is_edited=False).where(Asset.id == asset_id, Asset.is_edited).execute()
        # Also when there was nothing to undo: the web app waits until it hears that this is done.
        render(asset_id)


def render(asset_id: str) -> None:
    """Have what is shown of a picture made to be what its edits say."""
    enqueue(JobName.ASSET_EDIT_THUMBNAIL_GENERATION, id=asset_id, unless_waiting=True)


def display_size(width: int | None, height: int | None, orientation: str | None) -> tuple[int | None, int | None]:
    """Width and height of a picture as it is displayed, from those in its file."""
    return (height, width) if orientation in ("5", "6", "7", "8") else (width, height)


def size_in_file(asset_id: str) -> tuple[int | None, int | None]:
    """Width and height of what is in an asset's file, as it is displayed without edits."""
    row = (AssetExif.select(AssetExif.exif_image_width, AssetExif.exif_image_height, AssetExif.orientation)
           .where(AssetExif.asset == asset_id).tuples().first())
    return display_size(*row) if row else (None, None)


def _answer(asset_id: str) -> dict:
    query = (AssetEdit.select(AssetEdit.id, AssetEdit.action, AssetEdit.parameters)
             .where(AssetEdit.asset == asset_id).order_by(AssetEdit.sequence))
    return {"assetId": asset_id, "edits": list(query.dicts())}


def _check(facts: tuple[Any, ...], edits: Sequence[dict]) -> None:
    kind, film, filename, projection, *size = facts
    filename = filename.lower()
    if kind != AssetType.IMAGE:
        raise BadRequest("Only images can be edited")
    if film is not None:
        raise BadRequest("Editing live photos is not supported")
    if projection == "EQUIRECTANGULAR" or filename.endswith(".insp"):
        raise BadRequest("Editing panorama images is not supported")
    for ending in ("gif", "svg"):
        if filename.endswith(f".{ending}"):
            raise BadRequest(f"Editing {ending.upper()} images is not supported")
    width, height = display_size(*size)
    if not width or not height:
        raise BadRequest("Asset dimensions are not available for editing")
    for place, edit in enumerate(edits):
        if edit["action"] == AssetEditAction.CROP:
            if place > 0:
                raise BadRequest("Crop action must be the first edit action")
            crop = edit["parameters"]
            if crop["x"] + crop["width"] > width or crop["y"] + crop["height"] > height:
                raise BadRequest("Crop parameters are out of bounds")
