"""What an administrator sees and does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.contracts.enums import QueueName
from immich_flask.core.jobs import enqueue, queues
from immich_flask.core.models import JobRow
from tests.core.jobs.conftest import QUEUE, Jobs

HOUR = timedelta(hours=1)


def fail() -> None:
    raise ValueError("no good")


@pytest.fixture
def one_of_each(jobs: Jobs) -> Jobs:
    """In `backgroundTask`: waiting, active, delayed, failed, and one of a disabled plugin."""
    for name in ("Waits", "Runs", "Delayed", "Disabled"):
        jobs.register(name)
    jobs.register("Fails", fail, retries=0)
    queues.pause(QUEUE)
    enqueue("Waits", id=1)
    enqueue("Runs")
    enqueue("Delayed", delay=HOUR)
    enqueue("Disabled")
    JobRow.update(state="active", worker="somebody", alive_at="2020-01-01T00:00:00Z").where(
        JobRow.name == "Runs").execute()
    jobs.forget("Disabled")
    JobRow.create(queue=QUEUE, name="Fails", payload={}, fingerprint="", state="failed", error="no good", attempts=4)
    return jobs


def test_counts(one_of_each: Jobs) -> None:
    statements = []
    one_of_each.server.database.query_hooks.append(lambda event: statements.append(event.sql))
    found = queues.all_queues()
    one_of_each.server.database.query_hooks.pop()
    assert len(statements) == 2
    assert [queue.name for queue in found] == list(QueueName)
    assert {queue.name for queue in found if queue.is_paused} == {QUEUE}
    counts = queues.find_queue(QUEUE).counts
    assert counts.as_dict() == {"active": 1, "completed": 0, "failed": 1, "delayed": 1, "waiting": 0, "paused": 2}
    assert queues.find_queue("search").counts == queues.Counts()
    one_of_each.server.runtime.queue.is_running = True
    queues.resume(QUEUE)
    one_of_each.server.runtime.queue.is_running = False
    counts = queues.find_queue(QUEUE).counts
    assert counts.as_dict() == {"active": 1, "completed": 0, "failed": 1, "delayed": 1, "waiting": 1, "paused": 1}
    with pytest.raises(LookupError):
        queues.find_queue("nothing")


def test_lists(one_of_each: Jobs) -> None:
    assert {job.name: job.status for job in queues.list_jobs(QUEUE)} == {
        "Waits": "paused", "Runs": "active", "Delayed": "delayed", "Disabled": "paused", "Fails": "failed"}
    job, = queues.list_jobs(QUEUE, ["failed"])
    assert (job.name, job.payload, job.attempts, job.error) == ("Fails", {}, 4, "no good")
    # Moments of their own: several jobs may be queued within one millisecond.
    for minute, name in enumerate(("Runs", "Disabled", "Waits")):
        JobRow.update(created_at=f"2020-01-01T00:0{minute}:00Z").where(JobRow.name == name).execute()
    assert [job.name for job in queues.list_jobs(QUEUE, ["active", "paused"])] == ["Runs", "Disabled", "Waits"]
    assert len(queues.list_jobs(QUEUE, limit=2)) == 2
    assert queues.list_jobs(QUEUE, ["completed"]) == queues.list_jobs("search") == []


def test_pause_and_resume(jobs: Jobs) -> None:
    jobs.register("Note")
    queues.pause(QUEUE)
    queues.pause(QUEUE)
    enqueue("Note")
    assert jobs.calls == []
    queues.resume(QUEUE)
    assert jobs.calls == [("Note", {})]
    enqueue("Note")
    assert len(jobs.calls) == 2


def test_empty_and_clear_failed(one_of_each: Jobs) -> None:
    assert queues.empty("search") == queues.clear_failed("search") == 0
    assert queues.empty(QUEUE) == 2
    assert sorted(row["name"] for row in one_of_each.rows()) == ["Delayed", "Fails", "Runs"]
    assert queues.clear_failed(QUEUE) == 1
    assert sorted(row["name"] for row in one_of_each.rows()) == ["Delayed", "Runs"]


def test_retry_failed(one_of_each: Jobs) -> None:
    assert queues.retry_failed(QUEUE) == 1
    assert {job.name: job.attempts for job in queues.list_jobs(QUEUE, ["paused"])} == {
        "Waits": 0, "Fails": 0, "Disabled": 0}
    queues.empty(QUEUE)
    queues.resume(QUEUE)
    assert queues.retry_failed(QUEUE) == 0
