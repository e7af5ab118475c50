"""The threads of a web process: a few that work, and more while some of these do nothing but wait for their clients.

An upload over a bad line and a film that was paused in the middle keep their threads, and may do so for hours. They are
not counted among the few; else sixteen paused films would be the end of a server with sixteen threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock, Thread

SMALL_BODY = 16 * 1024
"""Bytes of a body for whose end no thread waits: nearly all JSON."""

MOST_WAITING = 200
"""Threads of one process that may wait at once, beside those that work."""

SPARE_SECONDS = 1.0
"""How long threads that are too many stay after somebody waited: in an upload that happens again and again."""


class Threads:
    """Threads that do `turn()` again and again, which waits for something to do and does it; it raises nothing.

    few: how many there are. Who has to wait for a client in the middle of a turn says so by `with threads: ...`, and
    another takes its place meanwhile. They end with the process; nothing waits for them.
    """

    def __init__(self, few: int, turn: Callable[[], None]) -> None:
        self._few, self._turn = few, turn
        self._lock = Lock()
        self._count = self._waiting = 0
        self._waited_at = 0.0

    def start(self) -> None:
        with self._lock:
            self._fill()

    def __enter__(self) -> None:
        with self._lock:
            self._waiting += 1
            self._fill()

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._waiting -= 1
            self._waited_at = time.monotonic()

    @property
    def count(self) -> int:
        return self._count

    def _room(self) -> int:
        return self._few + min(self._waiting, MOST_WAITING)

    def _fill(self) -> None:
        while self._count < self._room():
            self._count += 1
            Thread(target=self._work, name="request", daemon=True).start()

    def _work(self) -> None:
        while self._is_wanted():
            self._turn()

    def _is_wanted(self) -> bool:
        # Without the lock, as that is so nearly always.
        if self._count <= self._few:
            return True
        with self._lock:
            wanted = self._count <= self._room() or time.monotonic() - self._waited_at < SPARE_SECONDS
            self._count -= not wanted
            return wanted
