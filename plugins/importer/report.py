"""How far an import is, and what has become of everything."""

from __future__ import annotations

import threading
from collections import Counter

import click

MAX_FAILURES = 50


class Report:
    """Counts by what happened; safe for several threads."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.bytes = 0
        self._lock = threading.Lock()

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts[what] += number

    def advance(self, count: int) -> None:
        with self._lock:
            self.bytes += count

    def fail(self, what: str, why: object) -> None:
        with self._lock:
            self.counts["failed"] += 1
            if len(self.failures) < MAX_FAILURES:
                self.failures.append(f"{what}: {why}")

    def say(self, *, dry_run: bool) -> None:
        if dry_run:
            click.echo("Nothing was changed (--dry-run). It would be:")
        for what, number in self.counts.items():
            click.echo(f"{number:>8}  {what}")
        if self.bytes:
            click.echo(f"{self.bytes / 1024**2:>8.1f}  MiB read")
        for line in self.failures:
            click.echo(f"  {line}", err=True)
        if self.counts["failed"] > len(self.failures):
            click.echo(f"  and {self.counts['failed'] - len(self.failures)} more", err=True)
