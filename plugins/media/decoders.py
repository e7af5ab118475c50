"""From a file to pixels: which library opens it, how large it may be, and as little decoding as the purpose needs.

Libraries beyond Pillow are imported when the first file needs them: a server that never sees a HEIC pays nothing for
it. Formats are chosen by content, as a phone's `.jpg` is now and then a HEIC; only camera raw goes by its name, because
most raw formats are TIFF files whose first picture is a stamp-sized one.

Pillow is told the formats it may try. Without that list it would offer a file to every plugin it has, one of which
hands PostScript to an external program.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import AvifImagePlugin, Image, Jpeg2KImagePlugin, PsdImagePlugin, TiffImagePlugin, WebPImagePlugin

from immich_flask.contracts import media_types
from plugins.media import bands, gamut, isobmff, jxl, large, planar, scans
from plugins.media.colours import simplified

MAX_MEGAPIXELS = 256
"""Above the largest phone sensors (200), and about 1 GB of decoded pixels."""

# Importing the modules registers these; the names are Pillow's.
_PLUGINS = (AvifImagePlugin, Jpeg2KImagePlugin, PsdImagePlugin, TiffImagePlugin, WebPImagePlugin)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "AVIF", "PSD")

# Pillow's own guard has no notion of our limit and warns from 89 megapixels on; this keeps it as a backstop only.
Image.MAX_IMAGE_PIXELS = 1_000_000_000

# Pillow gives the memory of an image back at once, and the system clears it for the next: a sixth of a preview's cost.
# Four blocks of 16 MB kept hold what becomes of a picture of 12 megapixels.
Image.core.set_blocks_max(4)

# Every decoder works in the caller's thread alone, here and where the others are imported: pictures are spread over
# processes already, and what decoding threads allocate comes back so badly that a worker grew by 6 MB with every HEIC.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

_WORTH_BANDS = 25_000_000
"""Pixels from which on a PNG is decoded band by band: 100 MB in memory as a whole."""

_BANDS_GAP = 2.0  # how much larger than wanted the averages are that bands are reduced to

_ORIENTATION = 0x0112
_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Undecodable(Exception):
    """The file is broken, too large, or of a kind that no library here can show. The message says which."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Decoded pixels, as stored: not yet turned upright.

    `pixels` is an image of Pillow's, or height × width × 3 bytes of red, green and blue. `width` and `height` are those
    of the whole picture as it is displayed, whatever the size of `pixels`.
    """

    pixels: Image.Image | np.ndarray
    width: int
    height: int
    orientation: int
    icc_profile: bytes | None

    @property
    def image(self) -> Image.Image:
        """The pixels as an image of Pillow's, made anew each time where they are none."""
        return self.pixels if isinstance(self.pixels, Image.Image) else Image.fromarray(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pixels."""
        if isinstance(self.pixels, Image.Image):
            return self.pixels.size
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def turn(self) -> Image.Transpose | None:
        """What is to be done with the pixels to have them upright."""
        return _TRANSPOSED.get(self.orientation)

    def upright(self, image: Image.Image) -> Image.Image:
        """`image`, a resized form of `self.image`, turned the way it is displayed."""
        return image if self.turn is None else image.transpose(self.turn)


@contextmanager
def undecodable(what: str) -> Iterator[None]:
    """Turns whatever a library raises on a broken file into Undecodable.

    They raise nearly everything: OSError, SyntaxError, struct.error, IndexError, MemoryError, exceptions of their own.
    """
    try:
        yield
    except Undecodable:
        raise  # said already what and why
    except Exception as error:
        raise Undecodable(f"{what}: {error or type(error).__name__}") from error


def decode(
    path: Path,
    *,
    filename: str = "",
    shorter_side: int | None = None,
    embedded: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Picture:
    """The picture in a file, its first frame if it is animated.

    With `shorter_side` it may come out smaller than stored where the format allows to decode less, but never with a
    shorter side below that. From which shorter side on the preview that a camera has put in stands for its raw picture
    is said by `embedded`; by default it is `shorter_side`. `filename` is the original name, `path`'s own by default.

    Raises Undecodable, and OSError when the file cannot be opened.
    """
    with path.open("rb") as file, undecodable(filename or path.name):
        head = file.read(32)
        if media_types.is_raw(filename or path.name) and not head.startswith((b"\xff\xd8\xff", b"8BPS")):
            from plugins.media import raw

            return raw.decode(path, shorter_side, embedded or shorter_side, max_megapixels)
        return decode_stream(file, shorter_side, max_megapixels)


def decode_stream(file: BinaryIO, shorter_side: int | None, max_megapixels: float = MAX_MEGAPIXELS) -> Picture:
    """As `decode`, from an open file and by content alone. May raise anything: wrap it in `undecodable`."""
    with open_header(file, max_megapixels) as image:
        width, height = image.size
        wanted = fitted(image.size, shorter_side) if shorter_side else image.size
        pixels: Image.Image | np.ndarray | None = None
        factor = int(min(image.size) / min(wanted) / _BANDS_GAP)
        if factor > 1 and width * height > _WORTH_BANDS and bands.accepts(image, file):
            pixels = bands.decode(file, factor)
            return Picture(pixels, *_upright((width, height), pixels), image.info.get("icc_profile"))
        large.expect(_memory(image))
        if image.format in ("JPEG", "MPO") and image.mode == "RGB":
            pixels = planar.decode_jpeg(file, wanted)
        if pixels is None:
            image.draft(None, wanted)
            image.load()
            check_size(image.size, max_megapixels)
            pixels = image
        icc_profile = image.info.get("icc_profile")
        if image.format in ("HEIF", "AVIF") and not icc_profile:
            pixels, icc_profile = _in_shown_colours(image, file, wanted)
        # After loading: a PNG may carry its EXIF behind the pixels, and Pillow turns TIFF upright by itself.
        return Picture(pixels, *_upright((width, height), image), icc_profile)


def _in_shown_colours(
    image: Image.Image, file: BinaryIO, wanted: tuple[int, int]
) -> tuple[Image.Image, bytes | None]:
    """The pixels and their profile where the container tells by numbers which colours they have. Made smaller before
    that costs anything, as far as it goes by whole pixels."""
    still = isobmff.still(file)
    if still is None or still.colours is None or not gamut.is_wide(*still.colours):
        return image, None
    factor = min(image.size) // min(wanted)
    return gamut.shown(simplified(image.reduce(factor) if factor > 1 else image), *still.colours)


def _upright(size: tuple[int, int], image: Image.Image) -> tuple[int, int, int]:
    """Width and height as displayed, and the orientation that a loaded image tells."""
    width, height = size
    orientation = orientation_of(image)
    return (height, width, orientation) if orientation >= 5 else (width, height, orientation)


def open_header(file: BinaryIO, max_megapixels: float = MAX_MEGAPIXELS) -> Image.Image:
    """The picture with only its header read, and found small enough. May raise anything: wrap it in `undecodable`."""
    file.seek(0)
    head = file.read(32)
    formats = _FORMATS
    if jxl.accepts(head):
        # The decoder decodes as soon as it opens: look at the size first.
        check_size(jxl.size(file), max_megapixels)
        formats = _jxl_formats()
    elif head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis"):
        formats = _heif_formats()
    file.seek(0)
    image = Image.open(file, formats=formats)
    check_size(image.size, max_megapixels)
    if image.info.get("progressive") and scans.count(file) > scans.MOST:
        raise Undecodable(f"a JPEG of more than {scans.MOST} scans")
    return image


def _memory(image: Image.Image) -> int:
    """About how many bytes the decoding of a picture takes. Nearly none where the decoder goes line by line and makes
    it smaller on the way, as with most JPEGs; those that are progressive are in memory as a whole, 16 bits a value."""
    pixels = image.width * image.height
    if image.format in ("JPEG", "MPO"):
        sampling = [across * down for _, across, down, _ in image.layer]
        return int(pixels * 2 * sum(sampling) / max(sampling)) if image.info.get("progressive") else 0
    return pixels * (1 if image.mode in ("1", "L", "P") else 4) * (2 if image.format in _TWICE else 1)


_TWICE = ("HEIF", "AVIF", "JXL", "WEBP", "JPEG2000")
"""Formats whose decoder has the picture in memory of its own before Pillow gets it."""


@cache
def _heif_formats() -> tuple[str, ...]:
    import pillow_heif

    pillow_heif.register_heif_opener(decode_threads=1)
    return "HEIF", "AVIF"


@cache
def _jxl_formats() -> tuple[str, ...]:
    from pillow_jxl import JpegXLImagePlugin

    JpegXLImagePlugin.DECODE_THREADS = 0
    return ("JXL",)


def header_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height as stored. May raise anything: wrap it in `undecodable`."""
    file.seek(0)
    if jxl.accepts(file.read(32)):
        return jxl.size(file)
    with open_header(file, float("inf")) as image:
        return image.size


def check_size(size: tuple[int, int], max_megapixels: float) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise Undecodable(f"a picture of {width}×{height} pixels")
    if width * height > max_megapixels * 1_000_000:
        raise Undecodable(f"{width}×{height} pixels are more than the {max_megapixels} megapixels allowed")


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation (1..8) still to be applied to a loaded image."""
    if image.format == "HEIF" or (image.format == "JXL" and not getattr(image, "jpeg", False)):
        return 1  # turned by the container, whatever EXIF says besides
    orientation = image.getexif().get(_ORIENTATION, 1)
    return orientation if orientation in _TRANSPOSED else 1


def fitted(size: tuple[int, int], shorter_side: int, longest: int = 0) -> tuple[int, int]:
    """The size with its shorter side brought down to `shorter_side`, never enlarged.

    Rounds like upstream: 3000×2000 becomes 2160×1440 and 375×250. `longest` bounds the other side, for panoramas that
    an output format could not hold.
    """
    scale = min(1.0, shorter_side / min(size), longest / max(size) if longest else 1.0)
    width, height = (max(1, int(side * scale + 0.5)) for side in size)
    return width, height
