"""What a worker does besides running jobs: renew its lease, queue what is periodic, look for what was forgotten.

Every worker does all of it, so none is more important than another; the database lets one of them win.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs.cron import last_tick
from immich_flask.core.jobs.enqueue import enqueue
from immich_flask.core.jobs.runs import LEASE, Worker, bury, has_due
from immich_flask.core.models import JobRow, JobTick
from immich_flask.core.runtime import runtime
from immich_flask.infra.away import is_away
from immich_flask.infra.blame import in_words
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now

log = logging.getLogger(__name__)

CATCH_UP = timedelta(days=1)
"""How long after its time a periodic job is still run, when no worker was there then."""

LATE = timedelta(minutes=2)


def renew_lease(worker: Worker) -> None:
    """Say that the worker's run goes on."""
    if (run := worker.run) is not None:
        JobRow.update(alive_at=now()).where(JobRow.id == run.id, JobRow.worker == worker.name).execute()


def bury_predecessor(worker: Worker) -> None:
    """A worker that begins runs nothing yet: what stands under its name was run by the process that it replaces."""
    bury(JobRow.worker == worker.name)


def sweep(*, may_bury: bool = True) -> None:
    """Give back the runs of workers that are gone, and wake the queues that have work: what is due now but was delayed,
    and what a lost message would have told.

    may_bury: False while nobody may be called gone, for the database itself was away: others had no chance to renew.
    """
    queues = {job.queue for job in runtime.jobs.values()}
    lost = JobRow.queue.in_(list(queues)) & (JobRow.state == "active") & (JobRow.alive_at < now() - LEASE)
    if may_bury and JobRow.select(JobRow.id).where(lost).exists():
        bury(lost)
    for queue in sorted(queues):
        if has_due(queue):
            runtime.queue.wake(queue)


def queue_periodic(since: datetime, until: datetime) -> None:
    """Queue the periodic jobs whose time came after `since` and not after `until`, each once however many workers ask
    and however often. Whose last run waits still is not queued again."""
    for job in runtime.jobs.values():
        if (tick := _tick(job, since, until)) is not None:
            _queue_once(job, tick, is_late=until - tick > LATE)


def _tick(job: Job, since: datetime, until: datetime) -> datetime | None:
    try:
        cron = job.cron() if callable(job.cron) else job.cron
        return last_tick(cron, since, until) if cron else None
    except Exception as error:
        if is_away(error):
            raise
        # The other jobs have their time, too.
        log.exception("the job %s does not say when it is to run%s", job.name,
                      in_words(error, runtime.plugins.owner("job", job.name)))
        return None


def _queue_once(job: Job, tick: datetime, is_late: bool) -> None:
    with atomic():
        moved = JobTick.update(last_at=tick).where(JobTick.name == job.name, JobTick.last_at < tick).execute()
        new = not moved and list(JobTick.insert(name=job.name, last_at=tick).on_conflict_ignore()
                                 .returning(JobTick.name).tuples().execute())
        # What was never there before has not been missed.
        if moved or (new and not is_late):
            enqueue(job.name, unless_waiting=True)
