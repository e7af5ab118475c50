"""The threads of a web process: one in front, and others that step there as soon as it takes its time.

Threads of Python that work at the same time are no faster than one: they take turns, and hand over wherever one of them
asks the system for anything, a dozen times in each request. So one of them waits for requests and answers them one
after the other; with eight at once a thumbnail took a third more CPU, and one answer in twenty three times as long.
What is not quick mostly waits for something (a disk, a bucket, a large query), and another goes on meanwhile: after
some milliseconds, or at once where the first stands back by itself.

An upload over a bad line and a film that was paused in the middle keep their threads, and may do so for hours. They are
not counted among the few; else sixteen paused films would be the end of a server with sixteen threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition, Event, Thread, local
from typing import Any

SMALL_BODY = 16 * 1024
"""Bytes of a body for whose end no thread waits: nearly all JSON."""

MOST_WAITING = 200
"""Threads of one process that may wait at once, beside those that work."""

QUICK_SECONDS = 0.005
"""How long the one in front may take before another steps there. It is noticed within twice the time."""

SPARE_SECONDS = 5.0
"""How long threads that nobody needs stay, as they may be needed again."""


_here = local()
"""`state` of a thread of these, and `threads` that it belongs to."""


def stand_back() -> None:
    """Let another thread go on, as what comes now takes some time. Nothing where no web process is."""
    state = getattr(_here, "state", None)
    if state is not None and state.is_in_front:
        _here.threads._stand_back(state)


class _State:
    """What a thread does. `turns`: how often it began with something."""

    __slots__ = ("is_busy", "is_in_front", "is_waiting", "turns")

    def __init__(self) -> None:
        self.is_in_front, self.is_busy, self.is_waiting, self.turns = True, False, False, 0


class Threads:
    """Threads that get something to do by `get()`, which waits for it, and do it by `work(it)`; neither raises anything.

    few: how many work at once, those in front included. at_once: how many are in front. Who has to wait for somebody
    in the middle of its work says so by `with threads: ...`; to any other thread that means nothing. They end with the
    process; nothing waits for them.
    """

    def __init__(self, few: int, get: Callable[[], Any], work: Callable[[Any], None], *, at_once: int = 1) -> None:
        self._few, self._at_once = few, at_once
        self._get, self._do = get, work
        # Of all below but for what a thread notes in its own state.
        self._lock = Condition()
        self._states: set[_State] = set()
        self._resting = self._called = 0
        # Whether somebody may be at work, so that it has to be watched.
        self._stirs = Event()

    def start(self) -> None:
        with self._lock:
            self._fill()
        Thread(target=self._watch, name="watch", daemon=True).start()

    def __enter__(self) -> None:
        if state := getattr(_here, "state", None):
            self._stand_back(state, is_waiting=True)

    def __exit__(self, *_error: object) -> None:
        if state := getattr(_here, "state", None):
            state.is_waiting = False

    @property
    def count(self) -> int:
        with self._lock:
            return len(self._states) + self._resting

    def _run(self, state: _State) -> None:
        _here.threads, _here.state = self, state
        while state.is_in_front or self._returns(state):
            it = self._get()
            state.turns += 1
            state.is_busy = True
            if not self._stirs.is_set():
                self._stirs.set()
            self._do(it)
            state.is_busy = False

    def _stand_back(self, state: _State, *, is_waiting: bool = False) -> None:
        with self._lock:
            state.is_in_front, state.is_waiting = False, is_waiting
            self._fill()

    def _returns(self, state: _State) -> bool:
        """Wait for room in front, and step there; False when there was none for a while."""
        with self._lock:
            self._states.discard(state)
            if self._room() <= 0:
                self._resting += 1
                is_called = self._lock.wait_for(lambda: self._called, SPARE_SECONDS)
                self._resting -= 1
                if not is_called:
                    return False
                self._called -= 1
            state.is_in_front = True
            self._states.add(state)
            return True

    def _room(self) -> int:
        """How many may step to the front. With the lock."""
        in_front = self._called + sum(state.is_in_front for state in self._states)
        waiting = sum(state.is_waiting for state in self._states)
        working = self._called + len(self._states) - min(waiting, MOST_WAITING)
        return min(self._at_once - in_front, self._few - working)

    def _fill(self) -> None:
        """Have somebody in front. With the lock."""
        for _ in range(self._room()):
            if self._resting > self._called:
                self._called += 1
                self._lock.notify()
            else:
                state = _State()
                self._states.add(state)
                Thread(target=self._run, args=(state,), name="request", daemon=True).start()

    def _watch(self) -> None:
        """Let others step to the front when somebody there takes his time."""
        while True:
            self._stirs.wait()
            with self._lock:
                seen = [(state, state.turns) for state in self._states if state.is_in_front]
            time.sleep(QUICK_SECONDS)
            with self._lock:
                for state, turns in seen:
                    if state.is_busy and state.turns == turns:
                        state.is_in_front = False
                self._fill()
            if not any(state.is_busy or state.turns != turns for state, turns in seen):
                self._stirs.clear()
                # Whoever began just before that did not set it again.
                if any(state.is_busy for state, _ in seen):
                    self._stirs.set()
