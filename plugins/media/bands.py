"""Large PNG pictures, made smaller while they are decoded, band by band: Pillow would have the whole of them in memory.

A PNG is one stream of lines, each told by what is next to it and in the line above. The stream is decompressed piece by
piece, and each band of lines, with the line above it in front, put into a small PNG of its own for Pillow to decode.
Pictures of eight bits a value that are not interlaced: nearly all.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from plugins.media.colours import simplified

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_VALUES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Values of a pixel by the colour type of the header."""

_NEEDED = (b"PLTE", b"tRNS")
"""Chunks without which the pixels cannot be understood."""

_PIECE = 64 * 1024
_BAND_BYTES = 4 * 1024 * 1024


def accepts(image: Image.Image, file: BinaryIO) -> bool:
    """Whether an opened picture (only its header read) can be decoded so."""
    if image.format != "PNG" or getattr(image, "n_frames", 1) != 1:
        return False
    file.seek(24)
    depth, colour, _, _, interlaced = file.read(5)
    return depth == 8 and colour in _VALUES and not interlaced


def decode(file: BinaryIO, factor: int) -> Image.Image:
    """The picture, made smaller by a whole factor, in mode L, RGB or RGBA; `info` has the EXIF, if there is any.

    Raises OSError where it is cut off, and other errors on other damage.
    """
    reader = _Reader(file)
    width, height, colour = reader.width, reader.height, reader.colour
    line = 1 + width * _VALUES[colour]
    lines = max(1, _BAND_BYTES // line // factor) * factor
    result, above, top = None, bytes(line), 0
    for band in reader.bands(line * lines):
        count = min(len(band) // line, height - top)
        if not count:
            break
        with Image.open(BytesIO(reader.wrapped(above + band, count + 1)), formats=("PNG",)) as image:
            image.load()
            above = b"\0" + image.crop((0, count, width, count + 1)).tobytes()
            part = simplified(image.crop((0, 1, width, count + 1))).reduce(factor)
        if result is None:
            result = Image.new(part.mode, (-(-width // factor), -(-height // factor)))
        result.paste(part, (0, top // factor))
        top += count
        if top == height:
            break
    if result is None or top < height:
        raise OSError("the picture is cut off")
    if exif := reader.rest():
        result.info["exif"] = b"Exif\0\0" + exif
    return result


class _Reader:
    """The chunks of a file: what is needed of them, and the lines in the others."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._exif, self._kept = file, b"", b""
        file.seek(len(_SIGNATURE))
        _, length = self._head()
        header = file.read(length)
        self.width, self.height, self._depth, self.colour = struct.unpack(">IIBB", header[:10])
        file.seek(4, 1)
        self._pieces = self._pixels()

    def bands(self, size: int) -> Iterator[bytes]:
        """The lines of the picture, `size` bytes at a time, the last ones fewer."""
        stream, waiting = zlib.decompressobj(), bytearray()
        for piece in self._pieces:
            while piece:
                waiting += stream.decompress(piece, size - len(waiting))
                piece = stream.unconsumed_tail
                if len(waiting) == size:
                    yield bytes(waiting)
                    waiting.clear()
        waiting += stream.flush()
        while waiting:
            yield bytes(waiting[:size])
            del waiting[:size]

    def wrapped(self, lines: bytes, count: int) -> bytes:
        """A PNG of these lines."""
        header = struct.pack(">IIBBBBB", self.width, count, self._depth, self.colour, 0, 0, 0)
        return (_SIGNATURE + _chunk(b"IHDR", header) + self._kept + _chunk(b"IDAT", zlib.compress(lines, 0))
                + _chunk(b"IEND", b""))

    def rest(self) -> bytes:
        """The EXIF in the file, which may be behind the pixels."""
        for _ in self._pieces:
            pass
        return self._exif

    def _pixels(self) -> Iterator[bytes]:
        while True:
            kind, length = self._head()
            if kind == b"IDAT":
                while length and (piece := self._file.read(min(length, _PIECE))):
                    length -= len(piece)
                    yield piece
            elif kind in _NEEDED and length <= 1024:
                self._kept += _chunk(kind, self._file.read(length))
            elif kind == b"eXIf" and length <= 1 << 20:
                self._exif = self._file.read(length)
            elif kind in (b"IEND", b""):
                return
            else:
                self._file.seek(length, 1)
            self._file.seek(4, 1)

    def _head(self) -> tuple[bytes, int]:
        head = self._file.read(8)
        return head[4:], int.from_bytes(head[:4], "big")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
