"""How often a decoder has to go over a progressive JPEG, before it does.

Each of its scans goes over the whole picture and may be a few bytes long: a file of one megabyte can keep a decoder busy
for hours. Programs write about ten.
"""

from __future__ import annotations

import re
from typing import BinaryIO

MOST = 500
"""Far more than any program writes; a picture of 256 megapixels takes a minute or so with as many."""

_PIECE = 64 * 1024
_MARKER = re.compile(rb"\xff([^\x00\xff])")  # the last of any number of them: with "+", many would take for ever
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_BARE = frozenset((0x01, _START, *range(0xD0, 0xD8)))
"""Markers without a length behind them: those within a scan are among them."""


def count(file: BinaryIO, most: int = MOST) -> int:
    """The scans of the first picture in a JPEG, or `most` + 1 where there are more."""
    file.seek(0)
    found = 0
    while found <= most and (marker := _next_marker(file)) not in (None, _END):
        if marker in _BARE:
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2:
            break
        file.seek(length - 2, 1)
        found += marker == _SCAN
    return found


def _next_marker(file: BinaryIO) -> int | None:
    """The next marker's number, and the file behind it; None when there is none."""
    while piece := file.read(_PIECE):
        if found := _MARKER.search(piece):
            file.seek(found.end() - len(piece), 1)
            return found[1][0]
        if piece.endswith(b"\xff") and len(piece) > 1:
            file.seek(-1, 1)
    return None
