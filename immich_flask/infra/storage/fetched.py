"""Copies of objects fetched from a bucket, for whoever on this machine needs the same object next: the metadata of a
picture are read by one job and its thumbnail made by another, perhaps in another process.

A copy is handed on once. Who takes it moves it away, so that nobody else has it, and removes it in the end. What nobody
takes is removed when others are kept, or when there is nothing else to do.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

LARGEST = 64 * 1024 * 1024
"""Bytes of one copy. Larger ones are fetched again."""

MOST = 256 * 1024 * 1024
"""Bytes of all copies on this machine, the newest first."""

SECONDS = 120.0
"""How long a copy waits."""


def keep(name: str, path: Path) -> None:
    """Have a copy of the file at `path` under a name that stands for the very bytes; `path` stays. Nothing, where that
    is not possible."""
    folder = _folder()
    if folder is None or path.stat().st_size > LARGEST:
        return
    with suppress(OSError):
        os.link(path, folder / _hashed(name))
    remove()


def take(name: str, suffix: str) -> Path | None:
    """A copy of that name, at a path with `suffix` that is the caller's from now on; None when there is none."""
    folder = _folder()
    if folder is None:
        return None
    mine = Path(tempfile.gettempdir(), uuid4().hex + suffix)
    try:
        os.rename(folder / _hashed(name), mine)
    except OSError:
        return None
    return mine


def remove(older_than: float = SECONDS) -> None:
    """Remove copies older than some seconds, and the oldest of what is too much."""
    folder, left, now = _folder(), MOST, time.time()
    if folder is None:
        return
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path.stat().st_size, path))
    for modified, size, path in sorted(found, reverse=True):
        left -= size
        if left < 0 or now - modified > older_than:
            path.unlink(missing_ok=True)


def _folder() -> Path | None:
    """None where it is not ours alone: temporary folders are anybody's."""
    folder = Path(tempfile.gettempdir(), f"immich-flask-{os.getuid()}.fetched")
    try:
        folder.mkdir(0o700, exist_ok=True)
        told = folder.lstat()
    except OSError:
        return None
    is_private = stat.S_ISDIR(told.st_mode) and told.st_uid == os.getuid() and not told.st_mode & 0o077
    return folder if is_private else None


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
