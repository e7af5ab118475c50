"""Giving memory back to the system. What a burst of work took, the C library keeps for the next one: after 200 pictures
that is half of a worker, and now and then, when the pieces lie badly, twice one. To tell it otherwise takes some
milliseconds, so that is done when nothing else happens, or a process has grown by `MUCH`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from immich_flask.infra.db import close_idle_connections
from immich_flask.infra.unchanged import forget

IDLE_SECONDS = 5.0
"""How long a process has nothing to do before it gives back what it does not need."""

MUCH = 64 * 1024 * 1024
"""Bytes by which a process may grow before it gives back what it does not need, also in the middle of its work."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_LARGEST_ON_HEAP = 32 * 1024 * 1024
"""Bytes: the most that glibc takes from the heap."""


class Slack:
    """What a process has left over from its work. `used` may be called from any thread."""

    def __init__(self) -> None:
        self._used_at: float | None = None
        self._least: int | None = None

    def used(self) -> None:
        """Something was done just now."""
        self._used_at = time.monotonic()

    def give_back(self) -> bool:
        """To be called now and then: gives memory back once after each burst of work; whether it did so now."""
        if self._used_at is None or time.monotonic() - self._used_at < IDLE_SECONDS:
            return False
        self._used_at = None
        close_idle_connections()
        forget()
        gc.collect()
        _trim()
        return True

    def give_back_much(self) -> bool:
        """To be called after work that may take much: gives memory back if the process has grown by `MUCH` since the
        last time, or the first call; whether it did so."""
        if self._least is None:
            self._least = _resident()
        if _resident() - self._least < MUCH:
            return False
        _trim()
        self._least = _resident()
        return True


def share_one_heap() -> None:
    """Let all threads of this process, and of those forked from it, take their memory from one heap. By itself glibc
    gives each thread one of its own, which stays full of holes: two thirds of a web process. There is little to gain
    from it where threads take turns to run."""
    _of_glibc("mallopt")(_M_ARENA_MAX, 1)


def keep_for_the_next() -> None:
    """Let this process keep up to `MUCH` of what it has freed, until it is given back by the above. By itself glibc lets
    go of a picture's memory after each one, depending on how the pieces lie: 3,000 page faults, 3 of 110 ms."""
    _of_glibc("mallopt")(_M_MMAP_THRESHOLD, _LARGEST_ON_HEAP)
    _of_glibc("mallopt")(_M_TRIM_THRESHOLD, MUCH)


def _trim() -> None:
    _of_glibc("malloc_trim")(0)


def _resident() -> int:
    """Bytes of this process that are in memory; 0 where that is not to be had."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@cache
def _of_glibc(name: str) -> Callable[..., object]:
    """A function of glibc's; other C libraries have no such things, and less need of them."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, TypeError, OSError):
        return lambda *_arguments: None
