"""Whether the parts that a server needs are there: for load balancers, containers, people in a hurry.

The reasons go to the log, not to whoever asks: they name hosts and paths, and anybody may ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from immich_flask.core.jobs.runs import LEASE
from immich_flask.core.models import JobRow
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import connected, db
from immich_flask.infra.fields import now

log = logging.getLogger(__name__)

OVERDUE = timedelta(minutes=10)
"""How long work may wait while nobody works."""


def check_health() -> dict[str, bool]:
    """Is each part well? The core's are `database`, `storage`, `queue`; plugins add theirs (hook `health_checks`)."""
    checks = CORE_CHECKS | {name: check.run for name, check in runtime.plugins.health_checks.items()}
    return {name: _is_well(name, run) for name, run in checks.items()}


def _is_well(name: str, run: Callable[[], str | None]) -> bool:
    # Whatever a part raises is what is wrong with it; the other parts are still to be reported.
    try:
        wrong = run()
    except Exception as error:
        wrong = repr(error)
    if wrong:
        plugin = runtime.plugins.owner("health check", name)
        log.warning("health: %s%s: %s", name, f" (plugin {plugin})" if plugin else "", wrong)
    return not wrong


def _database() -> None:
    with connected():
        db.execute_sql("SELECT 1")


def _storage() -> None:
    runtime.storage.reach()


def _queue() -> str | None:
    moment = now()
    with connected():
        overdue = JobRow.select().where(JobRow.state == "waiting", JobRow.run_at < moment - OVERDUE,
                                        JobRow.queue.in_({job.queue for job in runtime.jobs.values()}))
        working = JobRow.select().where(JobRow.state == "active", JobRow.alive_at > moment - LEASE)
        if overdue.exists() and not working.exists():
            return f"work is waiting for more than {OVERDUE}, and no worker takes it"
    return None


CORE_CHECKS: dict[str, Callable[[], str | None]] = {"database": _database, "storage": _storage, "queue": _queue}
