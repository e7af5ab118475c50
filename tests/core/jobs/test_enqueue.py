"""Queueing: with the transaction or not at all, in order, once when once is enough."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs import enqueue, enqueue_many
from immich_flask.core.models import JobRow
from immich_flask.infra.db import atomic
from tests.core.jobs.conftest import Jobs


def test_a_job_runs_after_the_commit(jobs: Jobs) -> None:
    jobs.register("Note")
    with atomic():
        enqueue("Note", id="a", numbers=[1, 2], name="b")
        assert jobs.calls == []
        assert len(jobs.rows(state="waiting")) == 1
    assert jobs.calls == [("Note", {"id": "a", "numbers": [1, 2], "name": "b"})]
    assert jobs.rows() == []


def test_a_rollback_leaves_no_job(jobs: Jobs) -> None:
    jobs.register("Note")
    with pytest.raises(ZeroDivisionError), atomic():
        enqueue("Note", id=1)
        1 / 0
    with atomic():
        with pytest.raises(ZeroDivisionError), atomic():
            enqueue("Note", id=2)
            1 / 0
        enqueue("Note", id=3)
    assert jobs.calls == [("Note", {"id": 3})]
    assert jobs.rows() == []


def test_many_at_once_cost_few_statements(jobs: Jobs) -> None:
    jobs.register("Note")
    statements = []
    jobs.server.database.query_hooks.append(lambda event: statements.append(event.sql))
    try:
        with atomic():
            enqueue_many("Note", ({"number": number} for number in range(1200)), delay=timedelta(hours=1))
    finally:
        jobs.server.database.query_hooks.pop()
    assert len(jobs.rows()) == 1200
    assert len([sql for sql in statements if sql.startswith("INSERT")]) == 3


def test_unless_waiting(jobs: Jobs) -> None:
    jobs.register("Note")
    hour = timedelta(hours=1)
    enqueue("Note", a=1, b=[2], unless_waiting=True, delay=hour)
    enqueue("Note", b=[2], a=1, unless_waiting=True, delay=hour)
    enqueue("Note", a=1, b=[2], unless_waiting=True)
    enqueue_many("Note", [{"a": 1, "b": [2]}, {"a": 3}, {"a": 3}], unless_waiting=True, delay=hour)
    assert sorted(row["payload"]["a"] for row in jobs.rows()) == [1, 3]
    enqueue("Note", a=3, delay=hour)
    assert len(jobs.rows()) == 3
    # What runs already may have read the state before the change that asks for another run.
    JobRow.update(state="active").execute()
    enqueue("Note", a=3, unless_waiting=True, delay=hour)
    assert len(jobs.rows(state="waiting")) == 1


def test_a_delayed_job_waits(jobs: Jobs) -> None:
    jobs.register("Note")
    enqueue("Note", delay=timedelta(minutes=5))
    jobs.server.runtime.queue.wake("backgroundTask")
    assert jobs.calls == []
    JobRow.update(run_at="2020-01-01T00:00:00.000Z").execute()
    jobs.server.runtime.queue.wake("backgroundTask")
    assert jobs.calls == [("Note", {})]


def test_the_oldest_is_first_and_jobs_queue_jobs(jobs: Jobs) -> None:
    jobs.register("Second", queue="search")
    jobs.register("First", lambda number: enqueue("Second", number=number))
    with atomic():
        for number in (3, 1, 2):
            JobRow.create(queue="backgroundTask", name="First", payload={"number": number}, fingerprint=str(number),
                          run_at=f"2020-01-0{number}T00:00:00.000Z")
    jobs.server.runtime.queue.wake("backgroundTask")
    first = [payload["number"] for name, payload in jobs.calls if name == "First"]
    second = [payload["number"] for name, payload in jobs.calls if name == "Second"]
    assert first == [1, 2, 3]
    assert sorted(second) == [1, 2, 3]
    names = [name for name, _ in jobs.calls]
    assert names.index("Second") < 3, "queues take turns"


def test_an_unknown_job_is_a_mistake(jobs: Jobs) -> None:
    with pytest.raises(LookupError, match="no job is called Nothing"):
        enqueue("Nothing")
    jobs.server.runtime.jobs["Note"] = Job("Note", "search", print)
    with pytest.raises(TypeError):
        enqueue("Note", value=object())
    assert jobs.rows() == []
