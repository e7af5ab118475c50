"""Small square pictures of faces (server/src/services/media.service.ts)."""

from __future__ import annotations

import math

from immich_flask.contracts.enums import AssetFileType, AssetType
from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from plugins.media.decoders import Picture, Undecodable, decode, undecodable
from plugins.media.edits import size_in_file
from plugins.media.images import RenditionSpec, rendition_of
from plugins.media.models import AssetEditAction
from plugins.media.retouch import Step, retouched
from plugins.media.thumbnails import decode_asset

AROUND = 1.1
"""How much larger than the face the square is."""

Box = tuple[float, float, float, float]


def cut(asset_id: str, box: Box, size: int) -> bytes | None:
    """See `api.portrait`. From the preview where that has pixels enough, else from the original."""
    asset = Asset.get_or_none(Asset.id == asset_id)
    if asset is None:
        return None
    preview = AssetFile.get_or_none(AssetFile.asset == asset_id, AssetFile.type == AssetFileType.PREVIEW,
                                    ~AssetFile.is_edited)
    if asset.type == AssetType.VIDEO and preview is None:
        return None
    picture = None
    if preview is not None:
        with runtime.storage.as_file(preview.storage_key) as path:
            picture = decode(path)
    if picture is None or asset.type == AssetType.IMAGE and _side(box, picture) < size:
        picture = _original(asset, box, size) or picture
    if picture is None:
        raise Undecodable(f"{asset.original_file_name} has no picture")
    with undecodable(asset.original_file_name):
        square = Step(AssetEditAction.CROP, square_around(box, picture.width, picture.height))
        spec = RenditionSpec("jpeg", size, setting("image.thumbnail.quality"))
        return rendition_of(retouched(picture, [square], picture.width, picture.height), spec,
                            setting("image.colorspace"))


def square_around(box: Box, width: int, height: int) -> dict[str, int]:
    """The parameters of a crop to what is in `box`, with some more around it, as far as the picture goes: the box stays
    in the middle."""
    left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in box)
    half = max((right - left) * width, (bottom - top) * height) / 2 * AROUND
    middle_x, middle_y = (left + right) / 2 * width, (top + bottom) / 2 * height
    half = min(half, middle_x, middle_y, width - middle_x, height - middle_y)
    side = max(1, round(half * 2))
    return {"x": min(max(round(middle_x - half), 0), width - 1), "y": min(max(round(middle_y - half), 0), height - 1),
            "width": side, "height": side}


def _side(box: Box, picture: Picture) -> int:
    """How many pixels of an already decoded picture the square has."""
    across = min(picture.size) / min(picture.width, picture.height)
    return round(square_around(box, picture.width, picture.height)["width"] * across)


def _original(asset: Asset, box: Box, size: int) -> Picture | None:
    """The asset's picture in a size in which the square has `size` pixels. None for a broken file."""
    width, height = size_in_file(asset.id)
    shorter = None
    if width and height:
        side = square_around(box, width, height)["width"]
        shorter = math.ceil(min(width, height) * min(1.0, size / side))
    try:
        with runtime.storage.as_file(asset.storage_key) as path:
            return decode_asset(asset, path, shorter)
    except Undecodable:
        return None
