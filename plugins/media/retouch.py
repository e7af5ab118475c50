"""Applying the steps of an edit to a decoded picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from plugins.media.decoders import Picture
from plugins.media.models import AssetEditAction, MirrorAxis

_TURNED = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
"""Immich turns clockwise, Pillow counter-clockwise."""

_MIRRORED = {
    MirrorAxis.HORIZONTAL: Image.Transpose.FLIP_LEFT_RIGHT,
    MirrorAxis.VERTICAL: Image.Transpose.FLIP_TOP_BOTTOM,
}


@dataclass(frozen=True, slots=True)
class Step:
    """See `models.AssetEdit`."""

    action: AssetEditAction
    parameters: Mapping[str, Any]


def retouched(picture: Picture, steps: Iterable[Step], width: int, height: int) -> Picture:
    """A picture after the steps, upright. Steps after each other, except that a crop comes first in any list.

    `width` and `height` are those of the whole picture that crops refer to. A decoder may find a few pixels more or
    less than the metadata tell (camera raw); then the crop is scaled.
    """
    image = picture.upright(picture.image)
    for step in steps:
        if step.action == AssetEditAction.CROP:
            image = image.crop(_box(step.parameters, image.width / width, image.height / height, image.size))
        elif step.action == AssetEditAction.MIRROR:
            image = image.transpose(_MIRRORED[step.parameters["axis"]])
        elif step.parameters["angle"]:
            image = image.transpose(_TURNED[step.parameters["angle"]])
    return Picture(image, image.width, image.height, 1, picture.icc_profile)


def _box(crop: Mapping[str, int], across: float, down: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom within the picture; at least one pixel."""
    left = min(round(crop["x"] * across), size[0] - 1)
    top = min(round(crop["y"] * down), size[1] - 1)
    right = min(max(round((crop["x"] + crop["width"]) * across), left + 1), size[0])
    bottom = min(max(round((crop["y"] + crop["height"]) * down), top + 1), size[1])
    return left, top, right, bottom
