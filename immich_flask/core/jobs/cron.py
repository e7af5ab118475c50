"""Cron lines of periodic jobs: five fields, in the server's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from huey import crontab

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import Job

MINUTE = timedelta(minutes=1)


def check_cron(job: Job) -> None:
    try:
        matcher(job.cron)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the job {job.name} has the cron line {job.cron!r}: {error}") from error


def matcher(cron: str) -> Callable[[datetime], bool]:
    """Whether a moment in the server's time zone is one of the line's. ValueError when it is no cron line."""
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError("a cron line has five fields: minute, hour, day, month, day of the week")
    minute, hour, day, month, day_of_week = fields
    return crontab(minute, hour, day, month, day_of_week, strict=True)


def last_tick(cron: str, after: datetime, until: datetime) -> datetime | None:
    """The line's latest minute that is later than `after` and not later than `until` (both aware)."""
    minute = until.replace(second=0, microsecond=0)
    matches = matcher(cron) if minute > after else None
    while minute > after:
        if matches(minute.astimezone()):
            return minute
        minute -= MINUTE
    return None
