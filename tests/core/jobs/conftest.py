from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from immich_flask.contracts.plugin import Job
from immich_flask.core.models import JobRow, JobTick, QueueState
from immich_flask.testing import Server

QUEUE = "backgroundTask"


@pytest.fixture(scope="module")
def shared_jobs(make_server: Callable[..., Server]) -> Server:
    return make_server()


@pytest.fixture
def jobs(shared_jobs: Server) -> Iterator[Jobs]:
    """A server whose jobs run at once, in an app context, without any job."""
    registered = dict(shared_jobs.runtime.jobs)
    with shared_jobs.context():
        for model in (JobRow, JobTick, QueueState):
            model.delete().execute()
        yield Jobs(shared_jobs)
    shared_jobs.runtime.jobs.clear()
    shared_jobs.runtime.jobs.update(registered)


class Jobs:
    """Registers jobs that note how they were called."""

    def __init__(self, server: Server) -> None:
        self.server, self.calls = server, []

    def register(self, name: str, run: Callable | None = None, *, queue: str = QUEUE, **options: object) -> None:
        def note(**payload: object) -> None:
            self.calls.append((name, payload))
            if run is not None:
                run(**payload)

        self.server.runtime.jobs[name] = Job(name, queue, note, **options)

    def forget(self, name: str) -> None:
        """As if the plugin were disabled."""
        del self.server.runtime.jobs[name]

    @staticmethod
    def rows(**where: object) -> list[dict]:
        query = JobRow.select().order_by(JobRow.created_at)
        return list((query.filter(**where) if where else query).dicts())
