"""The short film that phones put behind a picture: where in the file it is.

Three makers' ways, in the order upstream looks (`server/src/services/metadata.service.ts`): Samsung's box in HEIC,
Samsung's trailer in JPEG, and Google's, which gives the film's length before the end of the file in XMP.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plugins.media import isobmff
from plugins.media.tags import Tags, number

_TRAILER_END = b"SEFT"
_TRAILER_START = b"SEFH"
_MOTION_PHOTO = 0x0A30
_MOST_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class MotionVideo:
    """The bytes of a film within a picture's file."""

    offset: int
    length: int


def find(path: Path, tags: Tags) -> MotionVideo | None:
    """The film in a picture's file; None unless Samsung's marks or the picture's tags tell of one, and it lies within
    the file and begins as such films do.

    Raises OSError when the file cannot be opened.
    """
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        found = _samsung_box(file) or _samsung_trailer(file, size) or _google(tags, size)
        if found and 0 < found.offset and 0 < found.length <= size - found.offset:
            file.seek(found.offset)
            return found if isobmff.is_isobmff(file.read(12)) else None
    return None


def _samsung_box(file: BinaryIO) -> MotionVideo | None:
    file.seek(0)
    if not isobmff.is_isobmff(file.read(12)):
        return None
    box = isobmff.top_level(file, b"mpvd")
    return MotionVideo(box.start, box.end - box.start) if box else None


def _samsung_trailer(file: BinaryIO, size: int) -> MotionVideo | None:
    """A directory at the end of the file: entries of type, distance back from the directory, and length."""
    if size < 8:
        return None
    file.seek(size - 8)
    tail = file.read(8)
    start = size - 8 - int.from_bytes(tail[:4], "little")
    if tail[4:] != _TRAILER_END or start < 0:
        return None
    file.seek(start)
    head = file.read(12)
    if head[:4] != _TRAILER_START:
        return None
    for _ in range(min(int.from_bytes(head[8:12], "little"), _MOST_ENTRIES)):
        entry = file.read(12)
        if int.from_bytes(entry[2:4], "little") == _MOTION_PHOTO:
            back, length = int.from_bytes(entry[4:8], "little"), int.from_bytes(entry[8:12], "little")
            file.seek(max(0, start - back))
            # Each block begins with a marker, its type, and the length of the name that stands before the data.
            before = 8 + int.from_bytes(file.read(8)[4:8], "little")
            return MotionVideo(start - back + before, length - before)
    return None


def _google(tags: Tags, size: int) -> MotionVideo | None:
    length = padding = 0
    if tags.get("MotionPhoto"):
        for part in tags.get("ContainerDirectory", ()):
            if part.get("Semantic") == "MotionPhoto":
                length, padding = (int(number(part.get(name, "")) or 0) for name in ("Length", "Padding"))
                break
    if tags.get("MicroVideo") and tags.get("MicroVideoOffset"):
        length = int(tags["MicroVideoOffset"])
    return MotionVideo(size - length - padding, length) if length else None
