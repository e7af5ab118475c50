"""The processes that run jobs.

Each takes one job after the other; while it runs one, a thread beside it renews the lease, looks for what was
forgotten and queues what is periodic (`core.jobs.upkeep`). SIGTERM lets the job that runs now end, for a while.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from flask import Flask

from immich_flask.core.jobs.runs import LEASE, Worker, give_back, give_back_all, run_next
from immich_flask.core.jobs.upkeep import CATCH_UP, bury_predecessor, queue_periodic, renew_lease, sweep
from immich_flask.core.runtime import runtime_of
from immich_flask.infra.away import is_away
from immich_flask.infra.db import connected
from immich_flask.infra.fields import now
from immich_flask.infra.memory import IDLE_SECONDS, Slack, keep_for_the_next
from immich_flask.infra.processes import GRACE_SECONDS
from immich_flask.infra.storage import fetched

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0

DRAIN_SECONDS = GRACE_SECONDS - 2 * BEAT_SECONDS
"""How long the job that runs may take when the worker shall end; then it is given back, for another worker."""

LONGEST_RUN = timedelta(hours=12)
"""A job that takes longer will never end. Its process is killed, which counts as a failed attempt."""

NICENESS = 10
"""How far a worker stands back behind the web processes where there are not enough cores for all: people wait for the
answer to an upload, nobody for a thumbnail. Pictures are done as soon as before, as the work is the same."""

REST_SECONDS = 60.0
"""A worker that has had nothing to do for this long begins afresh, without the libraries that its jobs loaded."""


def workers_of(app: Flask) -> dict[str, Callable[[], None]]:
    """What the supervisor keeps alive: `queue.workers` processes."""
    # Unique even where host names and process ids are not (containers).
    machine = f"{socket.gethostname()}-{secrets.token_hex(3)}"
    return {f"worker {number}": partial(work, app, Worker(machine, number))
            for number in range(1, runtime_of(app).config.queue.workers + 1)}


def work(app: Flask, worker: Worker) -> None:
    """Take jobs and run them until SIGTERM, or until a long rest has come."""
    os.nice(NICENESS)
    keep_for_the_next()
    life = _Life(app, worker)
    signal.signal(signal.SIGTERM, life.end)
    signal.signal(signal.SIGINT, life.end)
    while not life.is_rested and not life.ends_at:
        try:
            life.step()
        except Exception as error:
            # The database or the transport is away.
            life.may_hold_runs = is_away(error)
            log.warning("worker cannot work now: %r", error, exc_info=log.isEnabledFor(logging.DEBUG))
            time.sleep(1)


class _Life:
    """One worker process: the loop in its main thread, the heartbeat beside it."""

    def __init__(self, app: Flask, worker: Worker) -> None:
        self._app, self._worker = app, worker
        self._wakeups = runtime_of(app).queue
        self._parent = os.getppid()
        self._has_begun = self._has_worked = False
        self._idle_since = time.monotonic()
        self._slack = Slack()
        self.ends_at = 0.0
        self.may_hold_runs = False
        """Whether rows may say that this worker runs something, though it does not."""

    @property
    def is_rested(self) -> bool:
        return self._has_worked and time.monotonic() - self._idle_since > REST_SECONDS

    def end(self, *_signal: object) -> None:
        self.ends_at = self.ends_at or time.monotonic() + DRAIN_SECONDS

    def step(self) -> None:
        if not self._has_begun:
            with self._app.app_context(), connected():
                bury_predecessor(self._worker)
            self._has_begun = True
            threading.Thread(target=self._beat, daemon=True).start()
        elif self.may_hold_runs:
            with self._app.app_context(), connected():
                give_back_all(self._worker)
            self.may_hold_runs = False
        if (queue := self._wakeups.take()) is None:
            if self._slack.give_back():
                fetched.remove(older_than=IDLE_SECONDS)
            return
        with self._app.app_context(), connected():
            self._has_worked = run_next(queue, self._worker) or self._has_worked
        self._idle_since = time.monotonic()
        self._slack.used()
        self._slack.give_back_much()

    def _beat(self) -> None:
        checked_until = now() - CATCH_UP
        may_bury_at = 0.0
        while True:
            try:
                self._keep_bounds()
                with self._app.app_context(), connected():
                    renew_lease(self._worker)
                    sweep(may_bury=time.monotonic() >= may_bury_at)
                    moment = now()
                    queue_periodic(checked_until, moment)
                    checked_until = moment
            except Exception as error:
                may_bury_at = time.monotonic() + LEASE.total_seconds()
                log.warning("heartbeat failed: %r", error, exc_info=log.isEnabledFor(logging.DEBUG))
            time.sleep(BEAT_SECONDS)

    def _keep_bounds(self) -> None:
        run, moment = self._worker.run, time.monotonic()
        if run is not None and moment - self._worker.run_since > LONGEST_RUN.total_seconds():
            log.error("job %s %s runs for more than %s: killed", run.name, run.payload, LONGEST_RUN)
            os.kill(os.getpid(), signal.SIGKILL)
        if os.getppid() != self._parent:
            self.end()
        if self.ends_at and moment > self.ends_at:
            if run is not None:
                with self._app.app_context(), connected():
                    give_back(run, self._worker)
            os._exit(0)
