"""How long an animated picture lasts, without decoding its frames."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from plugins.media import isobmff

_MOST_CHUNKS = 100_000


def duration_ms(path: Path) -> int | None:
    """The duration of a WebP, HEIC or AVIF sequence; None for a still picture. Never raises for what is in the file."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and head[8:] == b"WEBP":
            return _webp_ms(file)
        if isobmff.is_isobmff(head):
            return isobmff.duration_ms(file)
    return None


def _webp_ms(file: BinaryIO) -> int | None:
    """The sum of the frames' durations, each of which stands in the head of its chunk."""
    total = 0
    for _ in range(_MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        length = int.from_bytes(header[4:], "little")
        head = file.read(min(length, 16))
        if header[:4] == b"ANMF":
            total += int.from_bytes(head[12:15], "little")
        file.seek(length - len(head) + length % 2, 1)
    return total or None
