"""Not asking who does not answer.

A storage that takes connections and says nothing would hold one thread after the other until none is left for those
who want no bytes at all. After a few calls in a row that were in vain, further ones fail at once; from time to time one
is let through to see whether it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from immich_flask.infra.storage.base import StorageError, StorageUnavailable

MOST_FAILURES = 3

PAUSE_SECONDS = 3.0
"""Between two calls that are let through."""

TRIAL_SECONDS = 45.0
"""A call that takes longer than any time-out is a large upload, by which nothing is learned for long: then another one
is let through."""


class Breaker:
    """`with breaker.call(): ...` around each call; what is raised in it tells how it went. One per process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try_at = 0.0
        self._trying_until = 0.0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Raises StorageUnavailable at once while nobody answers."""
        is_trial = self._enter()
        try:
            yield
        except StorageUnavailable:
            self._failed()
            raise
        except StorageError:
            # It has answered.
            self._failures = 0
            raise
        else:
            self._failures = 0
        finally:
            if is_trial:
                self._trying_until = 0.0

    def _enter(self) -> bool:
        if self._failures < MOST_FAILURES:
            return False
        with self._lock:
            moment = time.monotonic()
            if moment < max(self._next_try_at, self._trying_until):
                raise StorageUnavailable(f"{self._name} has not answered {self._failures} times; not asked again yet")
            self._trying_until = moment + TRIAL_SECONDS
            return True

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._next_try_at = time.monotonic() + PAUSE_SECONDS
