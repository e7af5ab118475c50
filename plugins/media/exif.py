"""EXIF by ExifRead, under the names that Exiv2 has for it (`Exif.Photo.FNumber`).

Where both readers know a file they say the same, rationals in lowest terms aside; the tests compare them. ExifRead
costs 0.1 to 1 ms beside Exiv2's 0.3, of the 100 that a picture of 12 megapixels takes in all, and still finds EXIF in
files that were cut off, of which Exiv2 reads nothing. In turn it does not know some kinds of WebP and HEIF, and
stumbles over odd segments in JPEG: what it leaves out is Exiv2's (`embedded`), as are makers' notes and camera raw.

Damaged or malicious EXIF can make ExifRead walk through directories for hours; it is given a file that ends that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import exifread
import exiv2

from plugins.media.texts import LONGEST_VALUE, readable

log = logging.getLogger(__name__)

logging.getLogger("exifread").disabled = True  # what it finds odd in files

_GROUPS = {"Image": "Image", "EXIF": "Photo", "GPS": "GPSInfo"}
"""ExifRead's names of the directories, and Exiv2's."""

_UNDEFINED = 7

_MOST_READS = 10_000
"""Calls, of which ExifRead makes some for each value; a phone's picture takes 500."""

_MOST_BYTES = 16 * 1024 * 1024


def read(path: Path) -> dict[str, str]:
    """The EXIF of a picture as plain text by key; empty where there is none, or none that ExifRead can read. OSError
    when the file cannot be opened."""
    with path.open("rb") as file:
        try:
            tags = exifread.process_file(_Bounded(file), details=False, extract_thumbnail=False)
        except Exception as error:  # it raises all kinds on what it does not know, and on damage
            log.debug("ExifRead cannot read %s: %r", path.name, error)
            return {}
    return dict(_texts(tags))


class _Bounded:
    """A file that ends the reading of more than an honest one has."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._reads, self._bytes = file, _MOST_READS, _MOST_BYTES
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._bytes) if size >= 0 else self._bytes)
        self._reads -= 1
        self._bytes -= len(data)
        if self._reads < 0 or self._bytes <= 0:
            raise ValueError("more than EXIF has")
        return data


def _texts(tags: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, tag in tags.items():
        group = _GROUPS.get(name.partition(" ")[0])
        if group is None or getattr(tag, "field_type", _UNDEFINED) == _UNDEFINED:
            continue
        key, text = _key(tag.tag, group), _text(tag.values)
        if key is not None and len(text) <= LONGEST_VALUE:
            yield key, text


@lru_cache(maxsize=1024)
def _key(tag: int, group: str) -> str | None:
    try:
        return exiv2.ExifKey(tag, group).key()
    except exiv2.Exiv2Error:
        return None


def _text(values: Any) -> str:
    if isinstance(values, bytes):  # no UTF-8
        values = values.decode("utf-8", "surrogateescape")
    if isinstance(values, str):
        return readable(values)
    return " ".join(map(_number, values))


def _number(value: Any) -> str:
    if isinstance(value, exifread.utils.Ratio):
        return f"{value.num}/{value.den}"
    return str(value[0] if isinstance(value, tuple) else value)
