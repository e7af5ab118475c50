"""How runs end: well, badly, or with their process."""

from __future__ import annotations

from datetime import timedelta

import peewee
import psycopg
import pytest

from immich_flask.contracts.events import JobFailed
from immich_flask.contracts.plugin import Listener
from immich_flask.core.jobs import enqueue
from immich_flask.core.jobs.runs import (
    KILLED_RETRIES, LEASE, Worker, _claim, bury, give_back, give_back_all, growing, run_next,
)
from immich_flask.core.jobs.upkeep import bury_predecessor, renew_lease, sweep
from immich_flask.core.models import JobRow, QueueState
from immich_flask.core.settings import system_config
from immich_flask.infra.db import db
from immich_flask.infra.fields import now
from immich_flask.infra.storage.base import StorageFull, StorageUnavailable
from tests.core.jobs.conftest import QUEUE, Jobs

HOUR = timedelta(hours=1)


@pytest.fixture
def failures(jobs: Jobs) -> list[JobFailed]:
    heard: list[JobFailed] = []
    listeners = jobs.server.runtime.plugins.listeners
    listeners.setdefault((JobFailed, "after"), []).append(("test", Listener(JobFailed, "after", heard.append)))
    yield heard
    listeners[JobFailed, "after"].pop()


@pytest.fixture
def quiet(jobs: Jobs) -> Jobs:
    """Jobs wait for somebody who takes them."""
    queue = jobs.server.runtime.queue
    queue.is_running = True
    yield jobs
    queue.is_running = False
    queue._queues.clear()


def fail(**payload: object) -> None:
    raise ValueError("no\0 good")


def test_a_failing_job_is_tried_again_then_set_aside(jobs: Jobs, failures: list[JobFailed]) -> None:
    jobs.register("Fails", fail, retries=2)
    jobs.register("Works")
    enqueue("Fails", id=1)
    enqueue("Works")
    assert jobs.calls == [("Fails", {"id": 1})] * 3 + [("Works", {})]
    row, = jobs.rows()
    assert (row["state"], row["attempts"], row["worker"]) == ("failed", 3, None)
    assert row["error"] == "ValueError: no good"
    assert failures == [JobFailed(QUEUE, "Fails", "ValueError: no\0 good", {"id": 1})]


def test_a_job_that_succeeds_later_leaves_nothing(jobs: Jobs, failures: list[JobFailed]) -> None:
    jobs.register("Recovers", lambda: len(jobs.calls) < 3 and fail())
    enqueue("Recovers")
    assert len(jobs.calls) == 3
    assert jobs.rows() == []
    assert failures == []


def test_what_fails_again_stands_once_among_the_failed(jobs: Jobs, failures: list[JobFailed]) -> None:
    jobs.register("Fails", fail, retries=0)
    for identifier in (1, 2, 1, 1):
        enqueue("Fails", id=identifier)
    assert [row["payload"] for row in jobs.rows(state="failed")] == [{"id": 2}, {"id": 1}]
    assert len(failures) == 4


def test_workers_wait_longer_after_each_failure(quiet: Jobs) -> None:
    quiet.register("Fails", fail)
    enqueue("Fails")
    worker = Worker("host")
    assert run_next(QUEUE, worker)
    row, = quiet.rows(state="waiting")
    assert timedelta(seconds=9) < row["run_at"] - now() <= timedelta(seconds=10)
    assert row["error"] == "ValueError: no good"
    assert not run_next(QUEUE, worker)
    waits = [growing(attempts) for attempts in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)


@pytest.mark.parametrize("away", [
    StorageUnavailable("no answer"), StorageFull("no space"), peewee.OperationalError(psycopg.OperationalError("gone"))])
def test_a_job_waits_for_what_is_away_and_does_not_count(
        quiet: Jobs, failures: list[JobFailed], away: Exception) -> None:
    def stumble(**payload: object) -> None:
        if len(quiet.calls) < 9:
            raise away

    quiet.register("Waits", stumble, retries=1)
    enqueue("Waits")
    for _ in range(8):
        assert run_next(QUEUE, Worker("host"))
        row, = quiet.rows(state="waiting")
        assert (row["attempts"], row["worker"], row["error"]) == (0, None, None)
        assert row["run_at"] > now()
        JobRow.update(run_at=now()).execute()
    assert run_next(QUEUE, Worker("host"))
    assert quiet.rows() == []
    assert failures == []


def test_a_wrong_statement_is_not_called_away(quiet: Jobs) -> None:
    def wrong() -> None:
        db.execute_sql("SELECT no_such_column FROM job")

    quiet.register("Wrong", wrong, retries=0)
    enqueue("Wrong")
    assert run_next(QUEUE, Worker("host"))
    assert "no_such_column" in quiet.rows(state="failed")[0]["error"]


def test_what_a_worker_could_not_write_down_is_given_back(quiet: Jobs) -> None:
    quiet.register("Note")
    enqueue("Note")
    worker = Worker("host")
    _claim(QUEUE, worker)
    give_back_all(Worker("host", number=2))
    assert quiet.rows(state="active") != [], "not this one's"
    give_back_all(worker)
    row, = quiet.rows(state="waiting")
    assert (row["attempts"], row["worker"]) == (0, None)


def test_a_run_whose_worker_is_gone_is_begun_anew(quiet: Jobs) -> None:
    quiet.register("Note")
    enqueue("Note")
    worker = Worker("host")
    worker.run = _claim(QUEUE, worker)
    JobRow.update(alive_at=now() - LEASE * 2).execute()
    renew_lease(worker)
    sweep()
    assert quiet.rows()[0]["worker"] == "host/1", "its lease is renewed"
    JobRow.update(alive_at=now() - LEASE * 2).execute()
    sweep(may_bury=False)
    assert quiet.rows()[0]["worker"] == "host/1", "it had no chance to"
    sweep()
    row, = quiet.rows()
    assert (row["state"], row["attempts"], row["worker"]) == ("waiting", 1, None)
    assert run_next(QUEUE, Worker("other"))
    assert len(quiet.calls) == 1
    assert quiet.rows() == []


def test_what_kills_its_worker_is_set_aside(quiet: Jobs, failures: list[JobFailed]) -> None:
    quiet.register("Kills", retries=0)
    quiet.register("Note")
    enqueue("Kills")
    enqueue("Note")
    worker = Worker("host")
    for attempt in range(1, KILLED_RETRIES + 2):
        JobRow.update(run_at=now() - HOUR).where(JobRow.name == "Kills").execute()
        run = _claim(QUEUE, worker)
        assert (run.name, run.attempts) == ("Kills", attempt)
        bury_predecessor(Worker("host", number=2))
        assert quiet.rows(state="active") != [], "not this one's"
        bury_predecessor(worker)
    row, = quiet.rows(state="failed")
    assert row["error"] == "the process that ran it was killed"
    assert [(event.name, event.killed) for event in failures] == [("Kills", True)]
    assert run_next(QUEUE, worker)
    assert quiet.calls == [("Note", {})]


def test_a_run_that_was_given_back_counts_no_attempt(quiet: Jobs) -> None:
    quiet.register("Note")
    enqueue("Note")
    worker = Worker("host")
    give_back(_claim(QUEUE, worker), worker)
    row, = quiet.rows(state="waiting")
    assert (row["attempts"], row["worker"]) == (0, None)


def test_a_run_that_was_taken_over_is_not_ended_by_the_first_worker(quiet: Jobs) -> None:
    late, other = Worker("late"), Worker("other")

    def taken_over() -> None:
        bury(JobRow.worker == late.name)
        assert _claim(QUEUE, other).attempts == 2

    quiet.register("Slow", taken_over)
    enqueue("Slow")
    assert run_next(QUEUE, late)
    row, = quiet.rows()
    assert (row["state"], row["worker"]) == ("active", "other/1")


def test_jobs_of_a_disabled_plugin_are_parked(quiet: Jobs) -> None:
    quiet.register("Plugin")
    quiet.register("Note")
    enqueue("Plugin", id=1)
    enqueue("Note")
    quiet.forget("Plugin")
    worker = Worker("host")
    assert run_next(QUEUE, worker)
    assert not run_next(QUEUE, worker)
    sweep()
    assert [row["name"] for row in quiet.rows(state="waiting")] == ["Plugin"]
    quiet.register("Plugin")
    assert run_next(QUEUE, worker)
    assert quiet.calls == [("Note", {}), ("Plugin", {"id": 1})]


def test_a_paused_queue_is_left_alone(quiet: Jobs) -> None:
    quiet.register("Note")
    enqueue("Note")
    QueueState.create(name=QUEUE, is_paused=True)
    assert not run_next(QUEUE, Worker("host"))
    QueueState.update(is_paused=False).execute()
    assert run_next(QUEUE, Worker("host"))


def test_no_more_runs_of_a_queue_at_once_than_the_administrator_wants(quiet: Jobs) -> None:
    quiet.register("Note", queue="videoConversion")
    for number in range(3):
        enqueue("Note", number=number)
    assert system_config()["job"]["videoConversion"]["concurrency"] == 1
    assert _claim("videoConversion", Worker("host", number=1)) is not None
    assert _claim("videoConversion", Worker("host", number=2)) is None
    assert _claim("videoConversion", Worker("hosts", number=1)) is not None, "another machine has a limit of its own"
    JobRow.delete().where(JobRow.worker == "host/1").execute()
    assert _claim("videoConversion", Worker("host", number=2)) is not None


@pytest.mark.parametrize(("name", "woken"), [("videoConversion", ["videoConversion"]), (QUEUE, [])])
def test_who_may_have_been_kept_waiting_is_woken_when_a_run_ends(quiet: Jobs, name: str, woken: list[str]) -> None:
    """One run of the first at once, of two workers; of the second more than there are workers."""
    waiting = quiet.server.runtime.queue._queues
    quiet.register("Note", waiting.clear, queue=name)
    enqueue("Note")
    enqueue("Note")
    assert list(waiting) == [name]
    assert run_next(name, Worker("host"))
    assert list(waiting) == woken
    assert len(quiet.rows(state="waiting")) == 1


def test_a_sweep_wakes_queues_with_work(quiet: Jobs) -> None:
    quiet.register("Note")
    quiet.register("Later", queue="search")
    enqueue("Note")
    enqueue("Later", delay=HOUR)
    queue = quiet.server.runtime.queue
    queue._queues.clear()
    sweep()
    assert list(queue._queues) == [QUEUE]
    JobRow.update(run_at=now() - HOUR).execute()
    sweep()
    assert sorted(queue._queues) == [QUEUE, "search"]
