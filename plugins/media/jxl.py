"""The size of a JPEG XL picture from its first bytes.

The decoder (`pillow-jxl-plugin`) decodes everything as soon as a file is opened, so a size limit must be kept before.
Format: ISO/IEC 18181-1 (size header) and 18181-2 (container).
"""

from __future__ import annotations

from typing import BinaryIO

_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)
_MAX_BOXES = 1000


def accepts(head: bytes) -> bool:
    """True for the first bytes of a bare codestream or of a container."""
    return head.startswith((_CODESTREAM, _CONTAINER))


def size(file: BinaryIO) -> tuple[int, int]:
    """Width and height as stored. Raises ValueError when the file does not get as far as its size."""
    file.seek(0)
    head = file.read(12)
    if not head.startswith(_CODESTREAM):
        head = _first_codestream(file)
    bits = _Bits(head[2:])
    small = bits.take(1)
    height = (bits.take(5) + 1) * 8 if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    width = (bits.take(5) + 1) * 8 if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1
    return width, height


def _first_codestream(file: BinaryIO) -> bytes:
    file.seek(12)
    for _ in range(_MAX_BOXES):
        header = file.read(8)
        if len(header) < 8:
            break
        length, kind, used = int.from_bytes(header[:4], "big"), header[4:], 8
        if length == 1:
            length, used = int.from_bytes(file.read(8), "big"), 16
        if kind == b"jxlp":
            file.read(4)  # the part's number
        if kind in (b"jxlc", b"jxlp"):
            return file.read(12)
        if length < used:
            break
        file.seek(length - used, 1)
    raise ValueError("no JPEG XL codestream")


class _Bits:
    """Reads little-endian bit fields, least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the JPEG XL header is cut off")
        value = self._value & (1 << count) - 1
        self._value >>= count
        self._left -= count
        return value
