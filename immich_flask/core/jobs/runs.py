"""Taking the next job of a queue, running it, and writing down how that ended.

A run belongs to a worker for as long as the worker renews its lease (`alive_at`). One whose worker was killed is given
back, so that a picture that kills every process that opens it is set aside after a few tries and the queue goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from peewee import SQL, Select, fn

from immich_flask.contracts.errors import Hopeless
from immich_flask.contracts.events import JobFailed
from immich_flask.core.events import emit
from immich_flask.core.jobs.enqueue import fingerprint_of
from immich_flask.core.models import JobRow, QueueState
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import system_config
from immich_flask.infra.away import is_away
from immich_flask.infra.blame import in_words
from immich_flask.infra.db import atomic, is_sqlite
from immich_flask.infra.fields import iso, now
from immich_flask.infra.sql import Lookup, begins_with

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""How old `alive_at` gets before a run counts as killed; workers renew it much more often."""

AWAY_PAUSE = timedelta(minutes=1)
"""How long a run waits when database or storage are away. That counts as no attempt: however long it takes, nothing
fails for good because of it."""

KILLED_RETRIES = 2
"""How often a run that was killed is tried again, at least: most are killed for no fault of theirs."""

KILLED = "the process that ran it was killed"

ERROR_CHARACTERS = 2000


def growing(attempts: int) -> timedelta:
    """How long a run waits after its `attempts`-th failure: 10 s, 1 min, 6 min, ... up to 6 hours."""
    return min(timedelta(seconds=10 * 6 ** (attempts - 1)), timedelta(hours=6))


class Run(NamedTuple):
    """A run that a worker has taken."""

    id: str
    queue: str
    name: str
    payload: dict[str, Any]
    attempts: int


@dataclass(slots=True)
class Worker:
    """One that runs jobs, one after the other. `machine` is common to those whose number of parallel runs is limited
    together; `run` is what it is at now, for its heartbeat, and `run_since` when that began (`time.monotonic`)."""

    machine: str
    number: int = 1
    delay: Callable[[int], timedelta] = growing
    run: Run | None = None
    run_since: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.machine}/{self.number}"


def run_next(queue: str, worker: Worker) -> bool:
    """Run the job of `queue` that is due for longest; False when there is none. In an app context, with a connection.

    What the job raises is written down, never raised here.
    """
    run = _claim(queue, worker) if has_due(queue) else None
    if run is None:
        return False
    worker.run_since, worker.run = time.monotonic(), run
    try:
        # Another worker may take the next one meanwhile. Afterwards again, where the limit may have kept it from that.
        _wake_for_more(queue)
        _execute(run, worker)
        if (limit := _limit(queue)) is not None and limit < runtime.config.queue.workers:
            _wake_for_more(queue)
    finally:
        worker.run = None
    return True


def has_due(queue: str) -> bool:
    """Is there a job in `queue` that a worker could take now?"""
    found, = _has_due(tuple(runtime.jobs)).first(queue, iso(now()))
    return bool(found)


@lru_cache(maxsize=16)
def _has_due(names: tuple[str, ...]) -> Lookup:
    """Asked several times for each job, so its text is kept."""
    return Lookup(lambda queue, moment: Select(columns=[fn.EXISTS(_due(JobRow, names, queue, moment))]))


def give_back(run: Run, worker: Worker) -> None:
    """Let another worker begin `run` anew; this attempt does not count. For a worker that has to stop now."""
    _give_back(_mine(run, worker))


def give_back_all(worker: Worker) -> None:
    """The same with whatever stands under the name of a worker that runs nothing: it could not write down how that
    ended, or never learned that it was taken."""
    _give_back((JobRow.worker == worker.name) & (JobRow.state == "active"))


def bury(condition: Any) -> None:
    """Write down that the active runs for which `condition` holds were killed: they wait again, or have failed."""
    with atomic():
        runs = [Run(*row) for row in JobRow.select(*_RUN).where(JobRow.state == "active", condition).tuples()]
        for run in runs:
            log.warning("the process that ran job %s %s was killed, attempt %s", run.name, run.payload, run.attempts)
            retries = runtime.jobs[run.name].retries if run.name in runtime.jobs else 0
            _end(run, KILLED, max(retries, KILLED_RETRIES), timedelta(),
                 (JobRow.id == run.id) & (JobRow.attempts == run.attempts) & (JobRow.state == "active"))


def _give_back(condition: Any, **more: Any) -> None:
    (JobRow.update(state="waiting", worker=None, alive_at=None, attempts=JobRow.attempts - 1, **more)
     .where(condition).execute())


_RUN = (JobRow.id, JobRow.queue, JobRow.name, JobRow.payload, JobRow.attempts)


def _claim(queue: str, worker: Worker) -> Run | None:
    limit = _limit(queue)
    with atomic():
        row = _next(tuple(runtime.jobs), limit is not None).first(
            queue, iso(now()), worker.name, f"{worker.machine}/", limit)
    if row is None:
        return None
    run = Run(*row)
    return run._replace(payload=orjson.loads(run.payload)) if isinstance(run.payload, str) else run


def _limit(queue: str) -> int | None:
    """How many of its jobs the workers of one machine may run at once, as the administrator has set it."""
    return system_config()["job"].get(queue, {}).get("concurrency")


@lru_cache(maxsize=16)
def _next(names: tuple[str, ...], is_limited: bool) -> Lookup:
    """Takes the next run: the statement that each job begins with, so its text is kept."""
    candidate, other = JobRow.alias(), JobRow.alias()

    def claim(queue: Any, moment: Any, worker: Any, machine: Any, limit: Any) -> Any:
        query = _due(candidate, names, queue, moment).order_by(candidate.run_at).limit(1)
        if is_limited:
            busy = other.select(fn.COUNT(other.id)).where(
                other.queue == queue, other.state == "active", begins_with(other.worker, machine))
            query = query.where(busy < limit)
        if not is_sqlite():
            query = query.for_update("FOR UPDATE SKIP LOCKED", of=candidate)
        return (JobRow.update(state="active", worker=worker, alive_at=moment, attempts=JobRow.attempts + 1)
                .where(JobRow.id == query).returning(*_RUN))

    return Lookup(claim)


def _due(row: Any, names: tuple[str, ...], queue: Any, moment: Any) -> Any:
    """The ids of the rows that could be run at a moment."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    paused = QueueState.select(SQL("1")).where(QueueState.name == queue, QueueState.is_paused)
    return row.select(row.id).where(row.queue == queue, row.state == "waiting", row.run_at <= moment,
                                    row.name.in_(SQL(f"({listed})")), ~fn.EXISTS(paused))


def _mine(run: Run, worker: Worker) -> Any:
    return (JobRow.id == run.id) & (JobRow.worker == worker.name) & (JobRow.attempts == run.attempts)


_DONE = Lookup(lambda run_id, worker, attempts: JobRow.delete().where(
    JobRow.id == run_id, JobRow.worker == worker, JobRow.attempts == attempts).returning(JobRow.id))


def _execute(run: Run, worker: Worker) -> None:
    job = runtime.jobs[run.name]
    try:
        job.run(**run.payload)
    except Exception as error:
        if is_away(error):
            log.warning("job %s %s waits for what is away: %s: %s", run.name, run.payload, type(error).__name__, error)
            _give_back(_mine(run, worker), run_at=now() + AWAY_PAUSE)
            return
        log.exception("job %s %s failed%s, attempt %s", run.name, run.payload,
                      in_words(error, runtime.plugins.owner("job", run.name)), run.attempts)
        text = f"{type(error).__name__}: {error}"
        retries = 0 if isinstance(error, Hopeless) else job.retries
        with atomic():
            _end(run, text, retries, worker.delay(run.attempts), _mine(run, worker))
    else:
        _DONE.rows(run.id, worker.name, run.attempts)


def _end(run: Run, error: str, retries: int, delay: timedelta, still: Any) -> None:
    """The run ended badly: it waits for another attempt, or has failed. Nothing, when it is not `still` the same."""
    last = run.attempts > retries
    changes = {"state": "failed"} if last else {"state": "waiting", "run_at": now() + delay}
    if (JobRow.update(**changes, worker=None, alive_at=None, error=error[:ERROR_CHARACTERS].replace("\0", ""))
            .where(still).execute()) and last:
        # What has failed before and again is one failure, however often somebody asks for it.
        JobRow.delete().where(JobRow.fingerprint == fingerprint_of(run.name, run.payload), JobRow.state == "failed",
                              JobRow.id != run.id).execute()
        emit(JobFailed(run.queue, run.name, error, run.payload, killed=error == KILLED))


def _wake_for_more(queue: str) -> None:
    if has_due(queue):
        runtime.queue.wake(queue)
