"""Jobs without workers, for tests: they run in the process that queued them, once the transaction has committed."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from immich_flask.core.jobs.runs import Worker, run_next
from immich_flask.infra.db import connected


class ImmediateQueue:
    """In place of a transport: runs what is due before `wake` returns, with the same bookkeeping as in a worker, and
    attempts without pauses. What was queued with a delay waits as ever."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._worker = Worker("immediate", delay=lambda attempts: timedelta())
        self._queues: dict[str, None] = {}
        self.is_running = False

    def wake(self, queue: str) -> None:
        self._queues[queue] = None
        # Jobs that jobs have queued run after them, not inside them.
        if self.is_running:
            return
        self.is_running = True
        try:
            while self._queues:
                queue = next(iter(self._queues))
                del self._queues[queue]
                with self._app.app_context(), connected():
                    if run_next(queue, self._worker):
                        # One that failed waits for its next attempt by now.
                        self._queues[queue] = None
        finally:
            self.is_running = False
            self._queues.clear()

    def close(self) -> None:
        """Jobs use the connection of whoever queued them; there is none to give up."""
