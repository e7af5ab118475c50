"""Thumbnail, preview and thumbhash of a picture, from one decode.

The preview is made from the decoded picture, thumbnail and thumbhash from the preview. Sizes, formats and rounding are
upstream's (`server/src/services/media.service.ts`): a size is the *shorter* side, nothing is enlarged.

`tests/benchmarks/media.py` shows where the time goes for a JPEG of 12 megapixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from plugins.media import thumbhash
from plugins.media.colours import Colorspace, kept_profile, managed, over_black, simplified, without_idle_alpha
from plugins.media.decoders import MAX_MEGAPIXELS, Picture, decode, fitted, undecodable
from plugins.media.planar import LONGEST_XMP, SMALLEST_SIDE, Planes

Format = Literal["jpeg", "webp"]

_LONGEST_SIDE = {"jpeg": 65_500, "webp": 16_383}  # limits of the formats
_WEBP_METHOD = 1  # 2 makes files 7 % smaller and takes a third more time, 4 makes them 10 % smaller in thrice the time
_FILTER = Image.Resampling.LANCZOS  # upstream's
_REDUCING_GAP = 2.0  # whole pixels are averaged down to this multiple of the size before the filter does the rest
_PLANES_GAP = 1.5  # the same for what goes on in planes: less is in memory twice then


@dataclass(frozen=True, slots=True)
class RenditionSpec:
    """One of the sizes a picture is served in. `size` is the shorter side in pixels, None for that of the picture as it
    is; `quality` 1..100."""

    format: Format
    size: int | None
    quality: int = 80
    progressive: bool = False


THUMBNAIL = RenditionSpec("webp", 250)
PREVIEW = RenditionSpec("jpeg", 1440)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files to store, and facts for the asset's row. `width` and `height` are the whole picture's, upright;
    `fullsize` is None unless it was asked for."""

    thumbnail: bytes
    preview: bytes
    fullsize: bytes | None
    thumbhash: bytes
    width: int
    height: int
    transparent: bool


def render(
    path: Path,
    *,
    filename: str = "",
    thumbnail: RenditionSpec = THUMBNAIL,
    preview: RenditionSpec = PREVIEW,
    fullsize: RenditionSpec | None = None,
    colorspace: Colorspace = "p3",
    xmp: bytes | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Rendered:
    """Everything that is shown of an image file. `filename` is its original name, by default that of `path`; `xmp` a
    packet to put into preview and full size.

    Raises Undecodable for what cannot be shown, and OSError when the file cannot be opened.
    """
    shorter_side = None if fullsize else preview.size
    picture = decode(path, filename=filename, shorter_side=shorter_side, max_megapixels=max_megapixels)
    return render_picture(
        picture, thumbnail=thumbnail, preview=preview, fullsize=fullsize, colorspace=colorspace, xmp=xmp)


def render_picture(
    picture: Picture,
    *,
    thumbnail: RenditionSpec = THUMBNAIL,
    preview: RenditionSpec = PREVIEW,
    fullsize: RenditionSpec | None = None,
    colorspace: Colorspace = "p3",
    xmp: bytes | None = None,
) -> Rendered:
    """As `render`, for a picture that is already decoded: a film's frame, an edited image."""
    with undecodable("the decoded picture"):
        small, content, profile = _in_planes(picture, thumbnail, preview, colorspace, xmp) or _in_general(
            picture, thumbnail, preview, colorspace, xmp)
        return Rendered(
            thumbnail=encode(small, thumbnail, profile),
            preview=content,
            fullsize=_full(picture, fullsize, colorspace, xmp) if fullsize else None,
            thumbhash=_thumbhash(small),
            width=picture.width,
            height=picture.height,
            transparent=small.mode == "RGBA",
        )


def rendition(
    path: Path,
    spec: RenditionSpec,
    *,
    filename: str = "",
    colorspace: Colorspace = "p3",
    max_megapixels: float = MAX_MEGAPIXELS,
) -> bytes:
    """A single size of an image file, such as a profile image. Raises like `render`."""
    picture = decode(path, filename=filename, shorter_side=spec.size, max_megapixels=max_megapixels)
    with undecodable(filename or path.name):
        return rendition_of(picture, spec, colorspace)


def rendition_of(picture: Picture, spec: RenditionSpec, colorspace: Colorspace = "p3") -> bytes:
    """A single size of a decoded picture. May raise anything: wrap it in `undecodable`."""
    image, profile = _shown(picture, spec, colorspace)
    return encode(image, spec, profile)


def encode(
    image: Image.Image, spec: RenditionSpec, icc_profile: bytes | None = None, xmp: bytes | None = None
) -> bytes:
    """The bytes of an image (L, RGB or RGBA) in the format and quality of a rendition; it is not resized."""
    out = BytesIO()
    if xmp and len(xmp) > LONGEST_XMP:
        xmp = None
    extra = {name: value for name, value in (("icc_profile", icc_profile), ("xmp", xmp)) if value}
    if spec.format == "webp":
        image.save(out, "WEBP", quality=spec.quality, method=_WEBP_METHOD, **extra)
    else:
        subsampling = "4:4:4" if _has_full_colour(spec) else "4:2:0"
        over_black(image).save(
            out, "JPEG", quality=spec.quality, subsampling=subsampling, progressive=spec.progressive, **extra
        )
    return out.getvalue()


def _has_full_colour(spec: RenditionSpec) -> bool:
    """Whether a JPEG has colour in the resolution of brightness: upstream's rule."""
    return spec.quality >= 80


def _in_planes(
    picture: Picture, thumbnail: RenditionSpec, preview: RenditionSpec, colorspace: Colorspace, xmp: bytes | None
) -> tuple[Image.Image, bytes, bytes | None] | None:
    """See `_in_general`; None for what cannot be done in planes, which takes two thirds of the time for the same."""
    pixels = picture.pixels
    if isinstance(pixels, Image.Image) and (pixels.mode != "RGB" or pixels.has_transparency_data):
        return None
    profile = kept_profile("RGB", picture.icc_profile, colorspace)
    size = _fitted(picture.size, preview)
    if preview.format != "jpeg" or preview.progressive or min(size) < SMALLEST_SIDE or profile is None:
        return None
    if isinstance(pixels, Image.Image):
        factor = int(min(pixels.size) / min(size) / _PLANES_GAP)
        pixels = np.asarray(pixels.reduce(factor) if factor > 1 else pixels)
    large = Planes.of(pixels, size)
    small = large.resized(_fitted(size, thumbnail)).image()
    content = large.jpeg(preview.quality, _has_full_colour(preview), picture.turn, profile, xmp)
    return picture.upright(small), content, profile or None


def _in_general(
    picture: Picture, thumbnail: RenditionSpec, preview: RenditionSpec, colorspace: Colorspace, xmp: bytes | None
) -> tuple[Image.Image, bytes, bytes | None]:
    """The thumbnail, the preview's file, and the profile to embed in the thumbnail's."""
    large, profile = _shown(picture, preview, colorspace)
    return _resized(large, thumbnail), encode(large, preview, profile, xmp), profile


def _shown(picture: Picture, spec: RenditionSpec, colorspace: Colorspace) -> tuple[Image.Image, bytes | None]:
    """The picture upright, in the size of a rendition and in colours for the screen, with the profile to embed.

    Resized first: turning and colour conversion then have fewer pixels to touch.
    """
    image = _resized(simplified(picture.image), spec)
    image, profile = managed(image, picture.icc_profile, colorspace)
    return picture.upright(without_idle_alpha(image)), profile


def _full(picture: Picture, spec: RenditionSpec, colorspace: Colorspace, xmp: bytes | None) -> bytes:
    image, profile = _shown(picture, spec, colorspace)
    return encode(image, spec, profile, xmp)


def _resized(image: Image.Image, spec: RenditionSpec) -> Image.Image:
    size = _fitted(image.size, spec)
    if size == image.size:
        return image
    return image.resize(size, _FILTER, reducing_gap=_REDUCING_GAP)


def _fitted(size: tuple[int, int], spec: RenditionSpec) -> tuple[int, int]:
    return fitted(size, spec.size or min(size), _LONGEST_SIDE[spec.format])


def _thumbhash(image: Image.Image) -> bytes:
    scale = min(1.0, thumbhash.MAX_SIDE / max(image.size))
    width, height = (max(1, int(side * scale + 0.5)) for side in image.size)
    image = image.resize((width, height), Image.Resampling.HAMMING).convert("RGBA")
    return thumbhash.encode(width, height, image.tobytes())
