"""Text from files as a database takes it."""

from __future__ import annotations

LONGEST_VALUE = 16_384
"""Bytes. Longer values are embedded previews and tables."""


def readable(text: str) -> str:
    """Text as a database takes it: cut at the first NUL, bytes that are no UTF-8 read as Latin-1."""
    text = text.split("\0", 1)[0]
    if text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
