"""Pixel modes and colour profiles: everything becomes 8-bit grey, RGB or RGBA that browsers show in the right colours.

Upstream keeps a wide gamut by converting it to Display P3 (system configuration `image.colorspace`, default `p3`). Here
a picture's own RGB profile travels along instead, with the pixels untouched: every client that honours an embedded P3
profile honours this one, nothing is lost, and no conversion is paid for. No profile means sRGB, so that one is dropped.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms

Colorspace = Literal["p3", "srgb"]

_LARGEST_KEPT_PROFILE = 4096
"""Bytes. A scanner's table of half a megabyte would outweigh the thumbnail it comes with."""

_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def simplified(image: Image.Image) -> Image.Image:
    """The image in one of the modes L, RGB, RGBA, CMYK: what resizing and profiles understand."""
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    return image.convert("L" if image.mode == "1" else "RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Pixels without a fixed range (measurements, depth maps, 16-bit greys read as integers), brought into 0..255."""
    low, high = image.getextrema()
    if image.mode == "I" and low >= 0:
        low, high = 0, 65535 if high < 65536 else high
    scale = 255 / (high - low) if high > low else 0
    return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def managed(image: Image.Image, icc_profile: bytes | None, colorspace: Colorspace) -> tuple[Image.Image, bytes | None]:
    """The image as L, RGB or RGBA, and the profile to embed beside it, None for sRGB.

    A profile that is broken or meant for other pixels than these is ignored, as browsers do.
    """
    kept = kept_profile(image.mode, icc_profile, colorspace)
    if kept is None:
        image = _to_srgb(image, icc_profile)
    return (image.convert("RGB") if image.mode == "CMYK" else image), kept or None


def kept_profile(mode: str, icc_profile: bytes | None, colorspace: Colorspace) -> bytes | None:
    """The profile to embed beside pixels of this mode as they are, empty for none. None: they are to be converted."""
    space = _space(icc_profile) if icc_profile else None
    if space is None or _PROFILE_MODES.get(space) != mode.removesuffix("A"):
        return b""
    return icc_profile if space == "RGB" and colorspace == "p3" and len(icc_profile) <= _LARGEST_KEPT_PROFILE else None


def _space(icc_profile: bytes) -> str | None:
    """The colour space a profile is for ("RGB", "CMYK", "GRAY"…); None for sRGB itself and for what is no profile."""
    description, space = _described(icc_profile)
    return None if "srgb" in (description or "").lower() else space


def description(icc_profile: bytes) -> str | None:
    """What a profile calls itself, such as "Display P3"; None for what is no profile."""
    return _described(icc_profile)[0]


@lru_cache(maxsize=64)
def _described(icc_profile: bytes) -> tuple[str | None, str | None]:
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile)).profile
        return profile.profile_description or None, profile.xcolor_space.strip()
    except (OSError, ValueError, ImageCms.PyCMSError):
        return None, None


def _to_srgb(image: Image.Image, icc_profile: bytes) -> Image.Image:
    opaque, alpha = (image.convert("RGB"), image.getchannel("A")) if image.mode == "RGBA" else (image, None)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(icc_profile)), ImageCms.createProfile("sRGB"), opaque.mode, "RGB"
        )
    except ImageCms.PyCMSError:
        return image
    converted = ImageCms.applyTransform(opaque, transform)
    if alpha:
        converted.putalpha(alpha)
    return converted


def without_idle_alpha(image: Image.Image) -> Image.Image:
    """An RGBA image none of whose pixels is transparent, as RGB."""
    if image.mode == "RGBA" and image.getextrema()[3][0] == 255:
        return image.convert("RGB")
    return image


def over_black(image: Image.Image) -> Image.Image:
    """The image without transparency, on the black ground that upstream's JPEG previews have."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image)
    return ground
