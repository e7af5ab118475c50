"""What no library here tells of ISO base media files (HEIC, AVIF): rotation, colours, duration, an appended film.

Format: ISO/IEC 14496-12, and 23008-12 for the image items. Nothing here raises for what is in a file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MOST_BOXES = 10_000
_LONGEST_META = 8 * 1024 * 1024

_ORIENTATIONS = (1, 8, 3, 6)
"""EXIF orientation for a rotation by 0, 90, 180, 270 degrees anticlockwise."""


@dataclass(frozen=True, slots=True)
class Box:
    """`start` and `end` are the places of the content in the file, without the header."""

    kind: bytes
    start: int
    end: int


def is_isobmff(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places of a file. A box that claims to be longer than its surroundings ends with them."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, kind, used = int.from_bytes(header[:4], "big"), header[4:8], 8
        if length == 1:
            length, used = int.from_bytes(header[8:16], "big"), 16
        elif length == 0:
            length = end - start
        if length < used:
            return
        yield Box(kind, start + used, min(start + length, end))
        start += length


def top_level(file: BinaryIO, kind: bytes) -> Box | None:
    """The first top-level box of a kind."""
    end = file.seek(0, io.SEEK_END)
    return next((box for box in boxes(file, 0, end) if box.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Still:
    """The primary image: its size as stored, its rotation as an EXIF orientation (1, 3, 6, 8), and its colours by
    the numbers for primaries and transfer function (see `gamut`). None: not told."""

    size: tuple[int, int] | None = None
    orientation: int | None = None
    colours: tuple[int, int] | None = None


def still(file: BinaryIO) -> Still | None:
    """What the properties of the primary image say; None for a file that holds no image items."""
    meta = top_level(file, b"meta")
    if not meta or meta.end - meta.start > _LONGEST_META:
        return None
    file.seek(meta.start)
    content = io.BytesIO(file.read(meta.end - meta.start))
    parts = _children(content, 4, meta.end - meta.start)  # the first four bytes are version and flags
    if b"iprp" not in parts or b"pitm" not in parts:
        return None
    properties = _children(content, parts[b"iprp"].start, parts[b"iprp"].end)
    if b"ipco" not in properties or b"ipma" not in properties:
        return None
    known = list(boxes(content, properties[b"ipco"].start, properties[b"ipco"].end))
    primary = _primary(_bytes(content, parts[b"pitm"]))
    size = turned = colours = None
    for index in _associated(_bytes(content, properties[b"ipma"]), primary):
        box = known[index - 1] if 0 < index <= len(known) else None
        data = _bytes(content, box) if box else b""
        if box and box.kind == b"irot" and data:
            turned = _ORIENTATIONS[data[0] & 3]
        if box and box.kind == b"ispe" and len(data) >= 12:
            size = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
        if box and box.kind == b"colr" and data[:4] == b"nclx" and len(data) >= 8:
            colours = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    return Still(size if size and min(size) > 0 else None, turned, colours)


def duration_ms(file: BinaryIO) -> int | None:
    """How long the image sequence of a file lasts; None for a still picture.

    A sequence that is to be repeated for ever has no duration as a whole; then that of its first track counts.
    """
    movie = top_level(file, b"moov")
    if not movie:
        return None
    header, track = _below(file, movie, b"mvhd"), _below(file, movie, b"trak", b"mdia", b"mdhd")
    return _duration(file, header) or _duration(file, track)


def _below(file: BinaryIO, box: Box, *kinds: bytes) -> Box | None:
    for kind in kinds:
        found = _children(file, box.start, box.end).get(kind)
        if not found:
            return None
        box = found
    return box


def _duration(file: BinaryIO, header: Box | None) -> int | None:
    """Milliseconds from a movie header or a media header, which begin alike."""
    if not header:
        return None
    file.seek(header.start)
    content = file.read(32)
    at, width = (20, 8) if content[:1] == b"\1" else (12, 4)
    scale = int.from_bytes(content[at : at + 4], "big")
    duration = int.from_bytes(content[at + 4 : at + 4 + width], "big")
    if not scale or not duration or duration == (1 << 8 * width) - 1:
        return None
    return round(duration * 1000 / scale)


def _children(file: BinaryIO, start: int, end: int) -> dict[bytes, Box]:
    found: dict[bytes, Box] = {}
    for box in boxes(file, start, end):
        found.setdefault(box.kind, box)
    return found


def _bytes(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.start)
    return file.read(max(0, box.end - box.start))


def _primary(pitm: bytes) -> int:
    return int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8], "big")


def _associated(ipma: bytes, item: int) -> list[int]:
    """The numbers (from 1) of the properties of an item."""
    id_width = 4 if ipma[:1] > b"\0" else 2
    wide = bool(ipma[3:4] and ipma[3] & 1)
    count, at = int.from_bytes(ipma[4:8], "big"), 8
    for _ in range(count):
        if at + id_width >= len(ipma):
            break
        found, number = int.from_bytes(ipma[at : at + id_width], "big"), ipma[at + id_width]
        at += id_width + 1
        width = 2 if wide else 1
        if found == item:
            entries = (ipma[at + n * width : at + (n + 1) * width] for n in range(number))
            return [int.from_bytes(entry, "big") & (0x7FFF if wide else 0x7F) for entry in entries]
        at += number * width
    return []
