"""What files are called inside an archive."""

from __future__ import annotations

import os
import re

MAX_BYTES = 255
"""Of UTF-8: what common file systems take."""

_ILLEGAL = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class Names:
    """Gives each file a name of its own, in the order they are asked for: `a.jpg`, `a+1.jpg`, `a+2.jpg`.

    Names that differ only in case are the same file on many systems, so here too.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def unique(self, original: str) -> str:
        """The name for a file that was uploaded as `original`."""
        name = safe_name(original)
        candidate, same = name, name.casefold()
        while candidate.casefold() in self._taken:
            self._counts[same] = self._counts.get(same, 0) + 1
            candidate = _fitting(name, f"+{self._counts[same]}")
        self._taken.add(candidate.casefold())
        return candidate


def safe_name(original: str) -> str:
    """A name that can be written on any system, by the rules of Node's sanitize-filename, which upstream uses: what is
    forbidden somewhere is left out."""
    name = _ILLEGAL.sub("", original).rstrip(". ")
    if _RESERVED.fullmatch(name):
        name = ""
    return _fitting(name or "unnamed", "")


def _fitting(name: str, suffix: str) -> str:
    """`name` with `suffix` in front of the extension, cut to what fits."""
    stem, extension = os.path.splitext(name)
    room = MAX_BYTES - len((suffix + extension).encode())
    if room < 1:
        stem, extension, room = name, "", MAX_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix + extension
