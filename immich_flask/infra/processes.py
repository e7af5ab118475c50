"""A tree of processes: start them, keep them alive, end them together.

The supervisor runs nothing but itself, without threads and without connections, so that whatever it forks begins
clean. A signal does nothing but end its waiting.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

GRACE_SECONDS = 30.0
"""How long a child may take to end when it is asked to."""

QUICK_SECONDS = 10.0
"""A child that ends sooner never really began."""

MOST_FAILURES = 5
"""How often in a row a child may fail so before everything is ended."""

LONGEST_PAUSE = 30.0
"""Before a child that is killed again and again is started once more."""


@dataclass(slots=True)
class _Child:
    name: str
    run: Callable[[], None]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


class Supervisor:
    """Keeps one process for each of `children` (name: what to run in it).

    A child whose function returns is started again at once: it wanted to begin afresh. One that is killed or fails is
    started again, too, with a pause that grows; when it fails again and again, everything ends, for then something is
    configured wrongly. Who is killed again and again is another matter: a few pictures that are too much for the
    memory take the workers away, and the others must go on. Children get SIGTERM when it is time to end, and when the
    supervisor is killed. They are in process groups of their own, so that Ctrl-C in a terminal reaches the supervisor
    only, and there is one order in which things end.
    """

    def __init__(self, children: Mapping[str, Callable[[], None]]) -> None:
        self._children = [_Child(name, run) for name, run in children.items()]
        # What is ignored (SIGHUP under nohup) stays so.
        self._stop = {number for number in STOP if signal.getsignal(number) is not signal.SIG_IGN}
        self._signals = {*self._stop, signal.SIGCHLD}
        self._news, self._tell = os.pipe()

    def run(self) -> int:
        """Until SIGTERM, SIGINT or SIGHUP; returns the exit status. Once only, and in the main thread."""
        os.set_blocking(self._tell, False)
        signal.set_wakeup_fd(self._tell)
        for number in self._signals:
            # Python writes its number into the pipe.
            signal.signal(number, lambda number, frame: None)
        try:
            status = self._keep()
            self._end()
            return status
        finally:
            self._forget_signals()

    def _keep(self) -> int:
        while True:
            moment = time.monotonic()
            for child in self._children:
                if not child.pid and child.start_at <= moment:
                    self._start(child)
            pauses = [child.start_at - moment for child in self._children if not child.pid]
            if self._wait(max(min(pauses), 0.01) if pauses else None):
                return 0
            for child, status in self._reap():
                if not self._may_restart(child, status):
                    return 1

    def _end(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        self._send(signal.SIGTERM)
        while True:
            # Before waiting: the news that one has ended may have come together with the signal to stop.
            self._reap()
            if not (left := [child.name for child in self._children if child.pid]):
                return
            # Whoever asks twice means it.
            if self._wait(max(deadline - time.monotonic(), 0)) or time.monotonic() >= deadline:
                log.warning("killed: %s", ", ".join(left))
                self._send(signal.SIGKILL)
                deadline = time.monotonic() + GRACE_SECONDS

    def _wait(self, seconds: float | None) -> bool:
        """Until a signal comes or the time is over; True when it is one to stop."""
        ready, _, _ = select.select([self._news], [], [], seconds)
        return bool(ready) and not self._stop.isdisjoint(os.read(self._news, 512))

    def _start(self, child: _Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        child.started_at = time.monotonic()
        # A signal for the newborn would tell its parent, too.
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        child.pid = os.fork()
        if child.pid == 0:
            self._become(child, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def _become(self, child: _Child, parent: int) -> None:
        status = 1
        try:
            self._forget_signals()
            os.setpgid(0, 0)
            _end_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)
            child.run()
            status = 0
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
        except BaseException:
            log.exception("%s failed", child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Not `sys.exit`: the stack below is that of the supervisor.
            os._exit(status)

    def _reap(self) -> list[tuple[_Child, int]]:
        """The children that have ended, with their status: negative for the signal that killed them."""
        ended = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if not pid:
                return ended
            for child in self._children:
                if child.pid == pid:
                    child.pid = 0
                    ended.append((child, os.waitstatus_to_exitcode(status)))

    def _may_restart(self, child: _Child, status: int) -> bool:
        moment = time.monotonic()
        if status == 0:
            child.start_at = child.failures = 0
            return True
        child.failures = child.failures + 1 if moment - child.started_at < QUICK_SECONDS else 1
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"failed with status {status}"
        if status > 0 and child.failures >= MOST_FAILURES:
            log.error("%s %s for the %s. time in a row: giving up", child.name, how, child.failures)
            return False
        log.warning("%s %s: starting it again", child.name, how)
        child.start_at = moment + min(0.1 * 2 ** min(child.failures - 1, 16), LONGEST_PAUSE)
        return True

    def _forget_signals(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._news)
        os.close(self._tell)

    def _send(self, number: int) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)


def _end_with(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent is gone, where it can."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        raise SystemExit(1)
