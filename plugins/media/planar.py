"""Pictures as JPEG has them: brightness and two differences of colour, each a plane of its own.

From JPEG to JPEG, and from whatever is opaque and coloured to JPEG, nothing else is needed in between, and two libraries
do that work with the processor's vector instructions, where Pillow has plain loops: libjpeg-turbo as `simplejpeg` has
it (decodes in eighths of the size where Pillow has halves, quarters and eighths) and FFmpeg's scaler (`av`). Both leave
the thread they are called in only when told to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

import av
import numpy as np
import simplejpeg
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from PIL import Image

LARGEST_WHOLE = 16 * 1024 * 1024
"""Bytes. Larger files are not read into memory as a whole; Pillow reads as it goes."""

SMALLEST_SIDE = 16
"""Pixels: the scaler is made for films, and its vectors for rows of some length."""

_ICC_HEAD, _ICC_PART = b"ICC_PROFILE\0", 65_000
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
LONGEST_XMP = 65_533 - len(_XMP_HEAD)
"""Bytes. What is longer does not fit into a segment of a JPEG."""


def decode_jpeg(file: BinaryIO, size: tuple[int, int]) -> np.ndarray | None:
    """Height × width × 3 bytes of red, green and blue of a JPEG's (first) picture, at least `size` (width, height) and
    as little more as the format allows. None when the file is too large for that, or not quite as it ought to be:
    whoever is more forgiving may have it."""
    if file.seek(0, SEEK_END) > LARGEST_WHOLE:
        return None
    file.seek(0)
    try:
        return simplejpeg.decode_jpeg(file.read(), "RGB", min_width=size[0], min_height=size[1])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture in three planes of the same size, full range, by the formulas of JFIF (ITU-R BT.601)."""

    frame: av.VideoFrame

    @classmethod
    def of(cls, pixels: np.ndarray, size: tuple[int, int]) -> Planes:
        """Height × width × 3 bytes of red, green and blue, resized to `size`."""
        return cls(_scaled(av.VideoFrame.from_numpy_buffer(pixels, format="rgb24"), size))

    def resized(self, size: tuple[int, int]) -> Planes:
        return Planes(_scaled(self.frame, size))

    @property
    def size(self) -> tuple[int, int]:
        return self.frame.width, self.frame.height

    def image(self) -> Image.Image:
        return Image.merge("YCbCr", [Image.fromarray(_array(plane)) for plane in self.frame.planes]).convert("RGB")

    def jpeg(
        self, quality: int, has_full_colour: bool, turn: Image.Transpose | None, icc_profile: bytes | None,
        xmp: bytes | None,
    ) -> bytes:
        """As JPEG, turned by `turn`, its colours in full resolution or in half of it both ways."""
        frame = self.frame if has_full_colour else _scaled(self.frame, self.size, "yuv420p")
        planes = map(_array, frame.planes)
        if turn is not None:
            planes = (Image.fromarray(plane).transpose(turn) for plane in planes)
        content = simplejpeg.encode_jpeg_yuv_planes(*map(np.ascontiguousarray, planes), quality=quality)
        return _with_segments(content, icc_profile, xmp)


def _array(plane: av.video.plane.VideoPlane) -> np.ndarray:
    """The bytes of a plane, without those that fill its lines up."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def _scaled(frame: av.VideoFrame, size: tuple[int, int], format: str = "yuv444p") -> av.VideoFrame:
    width, height = size
    return VideoReformatter().reformat(
        frame, width, height, format, interpolation=Interpolation.BICUBLIN, dst_color_range=ColorRange.JPEG,
        src_color_range=ColorRange.JPEG, threads=1)


def _with_segments(jpeg: bytes, icc_profile: bytes | None, xmp: bytes | None) -> bytes:
    """The file with these segments put behind its first one, the JFIF header."""
    behind = 4 + int.from_bytes(jpeg[4:6], "big")
    segments = b"".join(_segments(icc_profile, xmp))
    return jpeg[:behind] + segments + jpeg[behind:] if segments else jpeg


def _segments(icc_profile: bytes | None, xmp: bytes | None) -> Iterator[bytes]:
    if xmp and len(xmp) <= LONGEST_XMP:
        yield _segment(b"\xff\xe1", _XMP_HEAD + xmp)
    parts = [icc_profile[start : start + _ICC_PART] for start in range(0, len(icc_profile or b""), _ICC_PART)]
    for number, part in enumerate(parts, 1):
        yield _segment(b"\xff\xe2", _ICC_HEAD + bytes((number, len(parts))) + part)


def _segment(marker: bytes, content: bytes) -> bytes:
    return marker + (len(content) + 2).to_bytes(2, "big") + content
