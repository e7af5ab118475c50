"""What the processes of a server take: memory and CPU time, its children included (Linux)."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.core.programs import tree_of

_TICKS = os.sysconf("SC_CLK_TCK")


def memory(roots: Sequence[int]) -> float:
    """MB of these processes and all below them. Pages that processes share count once (PSS)."""
    return sum(_pss(pid) for root in roots for pid in _tree(root)) / 1024


def cpu_seconds(roots: Sequence[int]) -> float:
    """CPU seconds used so far by these processes and all below them, those that have ended included."""
    return sum(_ticks(pid) for root in roots for pid in _tree(root)) / _TICKS


def _tree(root: int) -> list[int]:
    try:
        return tree_of(root)
    except OSError:
        # One ended while we looked.
        return [root]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


class Peak(threading.Thread):
    """The most memory that processes had while this runs: `with Peak(roots) as peak: ...`, then `peak.megabytes`."""

    SECONDS = 1.0
    """Between two looks: each takes the server's kernel some milliseconds."""

    def __init__(self, roots: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._roots, self._over = roots, threading.Event()
        self.megabytes = 0.0

    def run(self) -> None:
        while True:
            self.megabytes = max(self.megabytes, memory(self._roots))
            if self._over.wait(self.SECONDS):
                return

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self.join()
