"""Giving memory back to the system. What a burst of work took, the C library keeps for the next one: after 200 pictures
that is half of a worker. To tell it otherwise takes some milliseconds, so that is done when nothing else happens.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from functools import cache

from immich_flask.infra.db import close_idle_connections
from immich_flask.infra.unchanged import forget

IDLE_SECONDS = 5.0
"""How long a process has nothing to do before it gives back what it does not need."""


_M_ARENA_MAX = -8


class Slack:
    """What a process has left over from its work. `used` may be called from any thread."""

    def __init__(self) -> None:
        self._used_at: float | None = None

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
        _of_glibc("malloc_trim")(0)
        return True


def share_one_heap() -> None:
    """Let all threads of this process, and of those forked from it, take their memory from one heap. By itself glibc
    gives each thread one of its own, which stays full of holes: two thirds of a web process. There is little to gain
    from it where threads take turns to run."""
    _of_glibc("mallopt")(_M_ARENA_MAX, 1)


@cache
def _of_glibc(name: str) -> Callable[..., object]:
    """A function of glibc's; other C libraries have no such things, and less need of them."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, TypeError, OSError):
        return lambda *_arguments: None
