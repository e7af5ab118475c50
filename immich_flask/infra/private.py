"""Files that are nobody else's business: the database has hashes of passwords and keys of links, the queue is trusted."""

from __future__ import annotations

import os
from pathlib import Path


def make_private_folder(path: Path) -> None:
    """With its parents; one that is there already stays as its owner made it."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(0o700, exist_ok=True)


def make_private_file(path: Path) -> None:
    """An empty file that only its owner can read, from its first moment on; nothing happens where one is already."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
