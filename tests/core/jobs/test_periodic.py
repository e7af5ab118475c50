"""Periodic jobs: at their time, once, and late rather than never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs import queues
from immich_flask.core.jobs.cron import check_cron, last_tick
from immich_flask.core.jobs.upkeep import queue_periodic
from tests.core.jobs.conftest import QUEUE, Jobs


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    # Naive first: cron lines are in the server's time zone, whatever that is here.
    return datetime(2024, 5, 3, hour, minute, second).astimezone(UTC)


def test_once_per_tick_however_many_ask(jobs: Jobs) -> None:
    jobs.register("Nightly", cron="30 2 * * *")
    queue_periodic(at(2, 0), at(2, 29, 59))
    assert jobs.calls == []
    for _worker in range(3):
        queue_periodic(at(2, 29), at(2, 30, 4))
        queue_periodic(at(2, 29, 59), at(2, 31))
    assert jobs.calls == [("Nightly", {})]
    queue_periodic(at(2, 0) + timedelta(days=1), at(2, 30) + timedelta(days=1))
    assert len(jobs.calls) == 2
    queue_periodic(at(2, 0), at(2, 30))
    assert len(jobs.calls) == 2, "a clock that was put back repeats nothing"


def test_what_was_missed_is_made_up_for_once(jobs: Jobs) -> None:
    jobs.register("Nightly", cron="30 2 * * *")
    queue_periodic(at(2), at(9))
    assert jobs.calls == [], "on a new server nothing was missed"
    for _worker in range(2):
        queue_periodic(at(9), at(9) + timedelta(days=1))
    assert len(jobs.calls) == 1


def test_a_periodic_job_does_not_pile_up(jobs: Jobs) -> None:
    jobs.register("Often", cron="* * * * *")
    queues.pause(QUEUE)
    queue_periodic(at(1, 0), at(1, 1))
    queue_periodic(at(1, 1), at(1, 2))
    assert len(jobs.rows(name="Often")) == 1


def test_one_that_does_not_know_its_time_keeps_no_other_from_its(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def when() -> str:
        raise ValueError("no clock")

    jobs.register("Lost", cron=when)
    jobs.register("Wrong", cron=lambda: "at noon")
    jobs.register("Nightly", cron="30 2 * * *")
    queue_periodic(at(2, 29), at(2, 30))
    assert jobs.calls == [("Nightly", {})]
    assert caplog.messages == [f"the job {name} does not say when it is to run" for name in ("Lost", "Wrong")]


def test_the_line_can_come_from_the_settings(jobs: Jobs) -> None:
    line: list[str | None] = [None]
    jobs.register("Set", cron=lambda: line[0])
    queue_periodic(at(1), at(2))
    assert jobs.calls == []
    line[0] = "30 1 * * *"
    queue_periodic(at(1, 29), at(1, 30))
    assert len(jobs.calls) == 1


def test_last_tick() -> None:
    assert last_tick("*/10 * * * *", at(1), at(1, 35)) == at(1, 30)
    assert last_tick("0 1 * * *", at(1), at(2)) is None, "later than `after`"
    assert last_tick("0 1 * * 1-5", at(0, 59), at(1)) == at(1), "a Friday"
    assert last_tick("0 1 * * 0,6", at(0, 59), at(1)) is None


@pytest.mark.parametrize("cron", ["", "* * * *", "61 * * * *", "x * * * *", "@daily"])
def test_a_wrong_line_stops_startup(cron: str) -> None:
    with pytest.raises(ConfigError, match="the job Nightly has the cron line"):
        check_cron(Job("Nightly", QUEUE, print, cron=cron))
