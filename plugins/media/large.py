"""Turns for pictures that need much memory: however many workers a machine has, so many of them at once.

A worker's own pictures come one after the other, so what a machine needs is what each worker has for ordinary ones, and
once (or as often as the operator says) what the largest needs. The turn is a lock of the system on a file in its folder
for temporary ones, which all programs of the same account have in common: who is killed gives it back.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

MUCH = 160 * 1024 * 1024
"""Bytes. What needs less waits for nobody."""


@cache
def _file() -> int:
    """Open as long as the process lives: to close any copy of it would give all turns back."""
    path = Path(tempfile.gettempdir(), f"immich-flask-{os.getuid()}.turns")
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        log.warning("workers do not take turns with large pictures, as %s cannot be opened: %s", path, error.strerror)
        handle, name = tempfile.mkstemp()
        os.unlink(name)
        return handle


class _Work(threading.local):
    places = 0
    held: int | None = None


_work = _Work()


@contextmanager
def turns(places: int) -> Iterator[None]:
    """In this block, whatever `expect` says to need much waits until fewer than `places` others need it."""
    _work.places = places
    try:
        yield
    finally:
        _work.places = 0
        if _work.held is not None:
            fcntl.lockf(_file(), fcntl.LOCK_UN, 1, _work.held)
            _work.held = None


def expect(size: int) -> None:
    """Say before decoding how many bytes it will take. Nothing outside of `turns`, as in web processes."""
    if not _work.places or size < MUCH or _work.held is not None:
        return
    for place in range(_work.places):
        try:
            fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            continue
        _work.held = place
        return
    place = os.getpid() % _work.places
    fcntl.lockf(_file(), fcntl.LOCK_EX, 1, place)
    _work.held = place
