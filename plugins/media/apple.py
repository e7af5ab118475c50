"""The one thing read from Apple's maker note: the identifier that a live photo's picture and film have in common."""

from __future__ import annotations

_PREFIX = b"Apple iOS\0\0\x01MM"
_CONTENT_IDENTIFIER = 0x0011
_ASCII = 2
_MOST_ENTRIES = 200


def content_identifier(note: bytes) -> str | None:
    """The content identifier (a UUID as text) in a maker note, None without one. Never raises."""
    if not note.startswith(_PREFIX):
        return None
    start = len(_PREFIX)
    count = int.from_bytes(note[start : start + 2], "big")
    for number in range(min(count, _MOST_ENTRIES)):
        entry = note[start + 2 + number * 12 :][:12]
        if int.from_bytes(entry[:2], "big") == _CONTENT_IDENTIFIER and int.from_bytes(entry[2:4], "big") == _ASCII:
            length, offset = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
            text = note[offset : offset + length]
            return text.rstrip(b"\0").decode("ascii", "replace").strip() or None if len(text) == length < 100 else None
    return None
