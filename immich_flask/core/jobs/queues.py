"""Queues as an administrator sees them and acts on them. Names are those of `contracts.enums.QueueName`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Case, fn

from immich_flask.contracts.enums import QueueJobStatus, QueueName
from immich_flask.core.models import JobRow, QueueState
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import after_commit, atomic
from immich_flask.infra.fields import now


@dataclass(slots=True)
class Counts:
    """Jobs of a queue by state. `paused`: due, but the queue is paused, or the plugin that knows the job is disabled.
    `completed` is 0: what has succeeded is not kept."""

    active: int = 0
    completed: int = 0
    failed: int = 0
    delayed: int = 0
    waiting: int = 0
    paused: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    is_paused: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """`error`: how its last run ended, None when that was well or there was none."""

    id: str
    name: str
    payload: dict[str, Any]
    status: str
    created_at: datetime
    attempts: int
    error: str | None


def all_queues() -> list[Queue]:
    """Every queue of the wire, and those that plugins added, with its counts. Two queries."""
    paused = _paused()
    status = _status(paused)
    counts: dict[str, Counts] = {str(name): Counts() for name in QueueName}
    # By its name: PostgreSQL doesn't see that an expression with parameters is the same as another.
    rows = (JobRow.select(JobRow.queue, status.alias("status"), fn.COUNT(JobRow.id))
            .group_by(JobRow.queue, SQL("status")).tuples())
    for queue, state, count in rows:
        setattr(counts.setdefault(queue, Counts()), state, count)
    for job in runtime.jobs.values():
        counts.setdefault(job.queue, Counts())
    return [Queue(name, name in paused, count) for name, count in counts.items()]


def find_queue(name: str) -> Queue:
    """One of `all_queues()`; LookupError when there is none of this name."""
    for queue in all_queues():
        if queue.name == name:
            return queue
    raise LookupError(name)


def list_jobs(queue: str, statuses: Iterable[str] = tuple(QueueJobStatus), limit: int = 1000) -> list[QueuedJob]:
    """The queue's jobs in one of `statuses`, oldest first."""
    status = _status(_paused())
    rows = (JobRow.select(JobRow.id, JobRow.name, JobRow.payload, status.alias("status"), JobRow.created_at,
                          JobRow.attempts, JobRow.error)
            .where(JobRow.queue == queue, status.in_([str(one) for one in statuses]))
            .order_by(JobRow.created_at, JobRow.id).limit(limit))
    return [QueuedJob(row.id, row.name, row.payload, row.status, row.created_at, row.attempts, row.error)
            for row in rows]


def pause(queue: str) -> None:
    """No job of the queue is begun until `resume`; those that run now go on."""
    _set_paused(queue, True)


def resume(queue: str) -> None:
    with atomic():
        _set_paused(queue, False)
        after_commit(lambda: runtime.queue.wake(queue))


def empty(queue: str) -> int:
    """Remove the jobs that are due and not begun; delayed ones stay (upstream: BullMQ's `drain`). Returns how many."""
    with atomic():
        return JobRow.delete().where(JobRow.queue == queue, JobRow.state == "waiting", JobRow.run_at <= now()).execute()


def clear_failed(queue: str) -> int:
    """Remove the jobs that have failed. Returns how many."""
    with atomic():
        return JobRow.delete().where(JobRow.queue == queue, JobRow.state == "failed").execute()


def retry_failed(queue: str) -> int:
    """Begin the jobs that have failed anew, with all their attempts. Returns how many."""
    with atomic():
        after_commit(lambda: runtime.queue.wake(queue))
        return (JobRow.update(state="waiting", attempts=0, run_at=now())
                .where(JobRow.queue == queue, JobRow.state == "failed").execute())


def _set_paused(queue: str, is_paused: bool) -> None:
    with atomic():
        (QueueState.insert(name=queue, is_paused=is_paused)
         .on_conflict(conflict_target=[QueueState.name], preserve=[QueueState.is_paused]).execute())


def _paused() -> list[str]:
    return [name for name, in QueueState.select(QueueState.name).where(QueueState.is_paused).tuples()]


def _status(paused: list[str]) -> Any:
    """The wire's status of a row, as an expression."""
    held = JobRow.queue.in_(paused) | JobRow.name.not_in(list(runtime.jobs))
    return Case(None, [
        (JobRow.state == "active", "active"),
        (JobRow.state == "failed", "failed"),
        (JobRow.run_at > now(), "delayed"),
        (held, "paused"),
    ], "waiting")
