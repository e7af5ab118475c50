"""Real worker processes, killed and stopped at bad moments."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import time

import pytest

from immich_flask.core.jobs import enqueue, queues
from immich_flask.core.models import JobRow, JobTick
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.infra.queue import prepare_queue
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend
from tests.core.jobs.program import JOBS, QUEUE
from tests.core.programs import Program, children_of, is_running, tree_of, wait_until


@pytest.fixture
def busy(make_server: Callable[..., Server]) -> Iterator[Server]:
    """A server whose jobs are run by other processes."""
    server = make_server(**{"queue.url": ""})
    prepare_queue(server.runtime.config)
    server.runtime.jobs.clear()
    server.runtime.jobs.update(JOBS)
    with server.context():
        yield server
    server.runtime.queue.close()


@contextmanager
def workers(server: Server, folder: Path, *settings: str, count: int = 2) -> Iterator[Program]:
    root = str(Path(__file__).resolve().parents[3])
    environ = {"IMMICH_FLASK_QUEUE__WORKERS": str(count), "PYTHONPATH": root, "NIGHTLY": str(folder / "nightly")}
    with Program(folder, "tests.core.jobs.program", *settings, config=server.runtime.config, **environ) as program:
        yield program


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def pid_in(line: str) -> int:
    return int(line.split()[1])


def test_jobs_are_run_soon_after_the_commit(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    with workers(busy, tmp_path) as program:
        enqueue("Note", path=str(path), text="first")
        wait_until(lambda: lines(path), "the first job")
        latencies = []
        for number in range(5):
            begun_at = time()
            enqueue("Note", path=str(path), text=str(number))
            line = wait_until(lambda count=number + 2: len(lines(path)) == count and lines(path)[-1], "a job")
            latencies.append(float(line.split()[1]) - begun_at)
        assert median(latencies) < 0.5, latencies
        wait_until(lambda: JobRow.select().count() == 0, "no rows")
        assert program.end() == 0
    assert "ERROR" not in program.output and "WARNING" not in program.output, program.output


@pytest.mark.once
def test_all_workers_share_the_work(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path), atomic():
        for _ in range(4):
            enqueue("Sleep", path=str(path), seconds=0.3)
    with workers(busy, tmp_path):
        wait_until(lambda: len(lines(path)) == 8, "four jobs")
    assert len({pid_in(line) for line in lines(path)}) == 2


def test_a_job_whose_worker_is_killed_is_run_by_its_successor(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path, count=1) as program:
        enqueue("Sleep", path=str(path), seconds=1.5)
        victim = pid_in(wait_until(lambda: lines(path), "the job")[0])
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(lines(path)) == 3, "the second run")
        assert [line.split()[0] for line in lines(path)] == ["begun", "begun", "done"]
        assert pid_in(lines(path)[-1]) != victim
        wait_until(lambda: JobRow.select().count() == 0, "no rows")
    assert "worker 1 was killed by SIGKILL: starting it again" in program.output


def test_a_job_whose_whole_machine_is_gone_is_run_by_another(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path) as program:
        enqueue("Sleep", path=str(path), seconds=2)
        wait_until(lambda: lines(path), "the job")
        pids = tree_of(program.pid)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        program.process.wait()
    assert JobRow.select(JobRow.state).scalar() == "active"
    with workers(busy, tmp_path, "lease=1", "beat=0.2"):
        wait_until(lambda: len(lines(path)) == 3, "the second run")
        wait_until(lambda: JobRow.select().count() == 0, "no rows")


@pytest.mark.once
def test_children_end_with_their_supervisor(busy: Server, tmp_path: Path) -> None:
    with workers(busy, tmp_path) as program:
        children = wait_until(lambda: len(children_of(program.pid)) == 2 and children_of(program.pid), "workers")
        enqueue("Note", path=str(tmp_path / "note"))
        wait_until(lambda: lines(tmp_path / "note"), "they work")
        program.process.kill()
        program.process.wait()
        wait_until(lambda: not any(map(is_running, children)), "the workers to end", 10)


@pytest.mark.once
def test_what_kills_every_worker_is_set_aside_and_the_queue_goes_on(busy: Server, tmp_path: Path) -> None:
    path, notes = tmp_path / "kills", tmp_path / "notes"
    with workers(busy, tmp_path, count=1):
        with atomic():
            enqueue("Kill", path=str(path))
            enqueue("Note", path=str(notes))
        wait_until(lambda: JobRow.select().where(JobRow.state == "failed").exists(), "the verdict")
        wait_until(lambda: JobRow.select().count() == 1, "the other job")
    assert len(lines(path)) == 3 and lines(notes)
    # A periodic one may have come since.
    failed, = (job for job in queues.list_jobs(QUEUE) if job.name == "Kill")
    assert (failed.name, failed.status, failed.error) == ("Kill", "failed", "the process that ran it was killed")


@pytest.mark.once
def test_who_shall_end_finishes_its_job_first(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path) as program:
        enqueue("Sleep", path=str(path), seconds=1)
        enqueue("Sleep", path=str(path), seconds=1)
        wait_until(lambda: len(lines(path)) == 2, "both jobs")
        enqueue("Note", path=str(path))
        assert program.end() == 0
    assert [line.split()[0] for line in lines(path)] == ["begun", "begun", "done", "done"]
    assert [row.name for row in JobRow.select()] == ["Note"]


@pytest.mark.once
def test_who_takes_too_long_to_end_gives_its_job_back(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path, "drain=0.2", "beat=0.2", count=1) as program:
        enqueue("Sleep", path=str(path), seconds=20)
        wait_until(lambda: lines(path), "the job")
        assert program.end() == 0
    row = JobRow.get()
    assert (row.state, row.attempts, row.worker) == ("waiting", 0, None)


@pytest.mark.once
def test_a_worker_that_rests_begins_afresh(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "sleeps"
    with workers(busy, tmp_path, "rest=0.1", count=1) as program:
        enqueue("Sleep", path=str(path), seconds=0)
        first = pid_in(wait_until(lambda: lines(path), "the job")[0])
        wait_until(lambda: not is_running(first), "its end")
        enqueue("Sleep", path=str(path), seconds=0)
        wait_until(lambda: len(lines(path)) == 4, "the next job")
    assert pid_in(lines(path)[-1]) != first
    assert "WARNING" not in program.output, program.output


def test_a_periodic_job_runs_once_however_many_workers_there_are(busy: Server, tmp_path: Path) -> None:
    JobTick.create(name="Nightly", last_at=now() - timedelta(days=1))
    with workers(busy, tmp_path, "beat=0.1"), workers(busy, tmp_path, "beat=0.1"):
        wait_until(lambda: lines(tmp_path / "nightly"), "the nightly job")
        enqueue("Sleep", path=str(tmp_path / "sleeps"), seconds=1)
        wait_until(lambda: len(lines(tmp_path / "sleeps")) == 2, "ten more heartbeats")
    assert len(lines(tmp_path / "nightly")) == 1


def test_what_nobody_was_told_of_is_found(busy: Server, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    with workers(busy, tmp_path, "beat=0.2"):
        # As if the process had died between commit and wake-up.
        JobRow.create(queue=QUEUE, name="Note", payload={"path": str(path)}, fingerprint="")
        wait_until(lambda: lines(path), "the job")
        JobRow.create(queue=QUEUE, name="Note", payload={"path": str(path)}, fingerprint="",
                      run_at=now() + timedelta(seconds=1))
        wait_until(lambda: len(lines(path)) == 2, "the delayed job")


def test_workers_outlive_their_connections(busy: Server, tmp_path: Path, backend: Backend) -> None:
    if backend.kind != "postgres":
        pytest.skip("with --backend postgres")
    path = tmp_path / "notes"
    with workers(busy, tmp_path, "beat=0.2"):
        enqueue("Note", path=str(path))
        wait_until(lambda: lines(path) and JobRow.select().count() == 0, "the end of the first job")
        busy.database.execute_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        for number in range(2, 6):
            enqueue("Note", path=str(path))
            wait_until(lambda count=number: len(lines(path)) == count, "another job")
