"""What a library leaves out: globs such as `**/Raw/**` or `**/*.{tif,tiff}`, of whole paths; upper and lower case are
alike."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache

from wcmatch import glob

FLAGS = glob.GLOBSTAR | glob.BRACE | glob.EXTGLOB | glob.DOTGLOB | glob.IGNORECASE | glob.FORCEUNIX

LONGEST = 1000
"""Characters of a pattern."""

MOST = 500
"""Into how many alternatives the braces of a pattern may unfold."""


class BadPattern(Exception):
    """The text is no pattern, or one that takes too long to match."""


class Exclusions:
    """Patterns, and whether they leave a path out. What lies in a folder that is left out is left out too."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._matchers = [_compiled(pattern) for pattern in patterns]
        self._folder = lru_cache(10_000)(self._is_folder_excluded)

    def exclude(self, path: str) -> bool:
        """Whether an absolute path of a file is left out."""
        return self._matches(path) or self._folder(os.path.dirname(path))

    def exclude_folder(self, path: str) -> bool:
        """Whether a folder is, with all that it holds."""
        return self._folder(path)

    def _is_folder_excluded(self, path: str) -> bool:
        if path in ("", "/"):
            return False
        return self._matches(path) or self._matches(path + "/") or self._folder(os.path.dirname(path))

    def _matches(self, path: str) -> bool:
        return any(matcher.match(path) for matcher in self._matchers)


def _compiled(pattern: str) -> glob.WcMatcher:
    if len(pattern) > LONGEST:
        raise BadPattern(f"{pattern[:50]}… is too long")
    try:
        return glob.compile(pattern, flags=FLAGS, limit=MOST)
    except Exception as error:
        # The library raises of its own, and what the regular expressions do that it makes of patterns.
        raise BadPattern(f"{pattern} is no pattern: {error}") from error
