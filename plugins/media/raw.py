"""Camera raw files, through LibRaw (`rawpy`): the preview the camera has put in if it is large enough, else developed.

Upstream develops unless told otherwise (`image.extractEmbedded`, default false). The embedded preview is what the
photographer saw on the camera, and costs a twentieth.
"""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path

import rawpy
from PIL import Image

from plugins.media import decoders, large
from plugins.media.decoders import Picture, Undecodable

log = logging.getLogger(__name__)

_DEVELOPED = 10
"""Bytes for a pixel: the sensor's, three or four colours of 16 bits, and the picture."""

_EXIF_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's `flip` as EXIF orientation."""


def decode(path: Path, shorter_side: int | None, embedded: int | None, max_megapixels: float) -> Picture:
    """The picture in a camera raw file, see `decoders.decode`; `embedded` None: develop. May raise anything, LibRaw's
    own errors among it."""
    with rawpy.imread(str(path)) as raw:
        sizes = raw.sizes
        decoders.check_size((sizes.width, sizes.height), max_megapixels)
        large.expect(sizes.width * sizes.height * _DEVELOPED)
        orientation = _EXIF_ORIENTATION.get(sizes.flip, 1)
        width, height = (sizes.height, sizes.width) if orientation >= 5 else (sizes.width, sizes.height)
        image = _embedded(raw, shorter_side, max_megapixels) if embedded else None
        if not image or min(image.size) < min(embedded, width, height):
            image = _developed(raw, shorter_side) or image
        if not image:
            raise Undecodable("neither the raw picture nor a preview in it can be read")
        return Picture(image, width, height, orientation, image.info.get("icc_profile"))


def _developed(raw: rawpy.RawPy, shorter_side: int | None) -> Image.Image | None:
    sizes = raw.sizes
    half = bool(shorter_side) and min(sizes.width, sizes.height) // 2 >= shorter_side
    try:
        return Image.fromarray(raw.postprocess(use_camera_wb=True, half_size=half, user_flip=0, output_bps=8))
    except rawpy.LibRawError as error:
        log.info("A raw file cannot be developed: %s", error)
        return None


def _embedded(raw: rawpy.RawPy, shorter_side: int | None, max_megapixels: float) -> Image.Image | None:
    """The camera's own preview, not turned upright; None where there is none that can be read."""
    try:
        found = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.BITMAP:
            return Image.fromarray(found.data)
        return decoders.decode_stream(BytesIO(found.data), shorter_side, max_megapixels).image
    except Exception as error:  # both libraries raise all kinds, and the picture itself can still be developed
        log.info("No usable preview in a raw file: %s", error)
        return None
