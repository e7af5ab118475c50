"""What all sources are, and how they say that something is wrong or how far they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from plugins.web.sources.unpack import Unpacker


class SourceError(Exception):
    """There is no usable build to be had from here: one line that says why."""


Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""`with progress("Reading x", total_bytes) as advance: advance(bytes)`."""


class Source(Protocol):
    """A place to take a build from."""

    def unpack(self, into: Unpacker, progress: Progress) -> str | None:
        """Write the files; returns the release as the source names it ("v3.1.0"), or None. Raises SourceError."""
