"""Pictures that kill the process which opens them, and those that need so much memory that they take turns."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.core.jobs import queues
from immich_flask.core.jobs.runs import Worker, run_next
from immich_flask.core.jobs.upkeep import bury_predecessor
from immich_flask.core.models import AssetJobStatus, JobRow
from immich_flask.infra.db import db
from immich_flask.infra.queue import prepare_queue
from immich_flask.testing import Server, photo
from plugins.media import thumbnails
from plugins.media.queueing import queue_thumbnails

QUEUE = QueueName.THUMBNAIL_GENERATION
THE_KILLER = "killer.jpg"


def forked(work: Callable[[], object]) -> int:
    """A process of its own that does `work` and ends."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def run_apart(server: Server, worker: Worker) -> int:
    """The next picture job, in a process that begins without connections as workers do; how that ended."""

    def work() -> None:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with server.context():
            run_next(QUEUE, worker)

    db.obj.close_all()
    server.runtime.queue.close()
    return os.waitstatus_to_exitcode(os.waitpid(forked(work), 0)[1])


def waiting(server: Server) -> list[str]:
    """The assets whose pictures are to be made."""
    with server.context():
        rows = JobRow.select(JobRow.payload).where(JobRow.queue == QUEUE, JobRow.state == "waiting")
        return [row.payload["id"] for row in rows]


def test_a_picture_that_kills_its_worker_is_set_aside_and_the_queue_goes_on(
        make_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server(**{"queue.url": ""})
    prepare_queue(server.runtime.config)
    user = server.user()
    killer, other = (user.asset(photo(80, 60), name) for name in (THE_KILLER, "other.jpg"))
    decode = thumbnails.decode

    def deadly(*arguments: object, filename: str, **options: object) -> object:
        if filename == THE_KILLER:
            ctypes.string_at(0)
        return decode(*arguments, filename=filename, **options)

    monkeypatch.setattr(thumbnails, "decode", deadly)
    worker = Worker("host", delay=lambda attempts: timedelta())
    ends = []
    with server.context():
        while run_next(QueueName.METADATA_EXTRACTION, worker):
            pass
    while waiting(server):
        ends.append(run_apart(server, worker))
        with server.context():
            bury_predecessor(worker)
    with server.context():
        tries = 1 + server.runtime.jobs[JobName.ASSET_GENERATE_THUMBNAILS].retries
        assert sorted(ends) == [-signal.SIGSEGV] * tries + [0]
        failed, = queues.list_jobs(QUEUE)
        assert (failed.name, failed.payload, failed.status) == (
            JobName.ASSET_GENERATE_THUMBNAILS, {"id": killer}, "failed")
        assert "killed" in AssetJobStatus.get_by_id(killer).error

        queue_thumbnails()
        assert waiting(server) == [], "nobody has asked for it"
        queue_thumbnails(force=True)
        assert sorted(waiting(server)) == sorted([killer, other])
    assert [user.get(f"/assets/{asset}/thumbnail").status_code for asset in (killer, other)] == [404, 200]
    assert user.get(f"/assets/{killer}/original").status_code == 200
    server.runtime.queue.close()
