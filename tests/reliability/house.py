"""Where programs of the server are started, killed and started again: a database, a storage, and a port.

The programs are real ones. What is looked at from outside of them (rows, objects) is by this process.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from immich_flask.app import create_app
from immich_flask.core.assets import integrity, sweep
from immich_flask.core.models import JobRow
from immich_flask.infra.config import Config
from immich_flask.infra.db import connected, db, is_sqlite
from immich_flask.infra.fields import now
from immich_flask.testing.fixtures import Backend
from immich_flask.testing.servers import S3Server
from tests.core.programs import Program, children_of, free_port, is_running, tree_of, wait_until
from tests.serving import Served, sign_up

ROOT = Path(__file__).resolve().parents[2]

TOGETHER, APART = "serve", "web and worker apart"

PATIENCE = 180.0
"""Seconds that the workers may take with what is left to do; longer than the lease of a killed one."""

SOON = timedelta(seconds=-5)
"""In place of the age that an orphan must have: even the youngest counts."""


class House:
    """A server of `backend` in `folder`, with a port of its own. `storage`: "folder" or "s3", whatever the database;
    `lease`: seconds after which the runs of a killed machine are begun anew, None for the usual."""

    def __init__(self, backend: Backend, folder: Path, *, storage: str | None = None, lease: float | None = None,
                 s3: S3Server | None = None, **overrides: Any) -> None:
        self.folder, self.lease = folder, lease
        self._postgres = backend.postgres if backend.kind == "postgres" else None
        if storage == "folder":
            overrides["storage.backend"] = "local"
        elif storage == "s3" and s3 is not None:
            overrides |= {
                "storage.backend": "s3", "storage.s3.endpoint": s3.url, "storage.s3.bucket": "photos",
                "storage.s3.access_key": s3.access_key, "storage.s3.secret_key": s3.secret_key,
                "storage.s3.create_bucket": True}
        self.config: Config = backend.config(**{"queue.url": "", "server.port": free_port(), **overrides})
        if backend.kind == "postgres":
            backend.postgres.create_database(urlsplit(self.config.database.url).path[1:])
        self.programs: dict[str, Program] = {}
        self.manner = TOGETHER
        self._app: Flask | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.server.port}/api"

    # --- programs

    def start(self) -> None:
        """Start what does not run."""
        wanted = ("serve",) if self.manner == TOGETHER else ("web", "worker")
        for name in wanted:
            if name not in self.programs:
                self.programs[name] = self._started(name)
        for name in wanted:
            self.programs[name].expect("Booting worker" if name == "web" else
                                       "is listening on" if name == "serve" else "running jobs", PATIENCE)

    def _started(self, name: str) -> Program:
        if name == "web":
            server = self.config.server
            command = ["gunicorn", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{server.port}", "--workers",
                       str(server.web_processes), "--threads", str(server.threads), "wsgi:app"]
        elif self.lease is None:
            command = ["immich_flask.cli", name]
        else:
            command = ["tests.reliability.program", str(self.lease), name]
        return Program(self.folder, *command, config=self.config, PYTHONPATH=str(ROOT))

    def end(self) -> None:
        """End everything in good order; AssertionError when something does not."""
        for program in self.programs.values():
            assert program.end() == 0, program.output[-3000:]
        self.programs.clear()

    def kill_all(self) -> None:
        """SIGKILL for everything."""
        for name in list(self.programs):
            self._kill_program(name)

    def kill(self, rnd: random.Random, among: Sequence[str] = ()) -> str:
        """SIGKILL for a part, chosen at random; says which. Some are started again by themselves, others by `start`.
        Now and then PostgreSQL is restarted instead. `among`: only these parts of `serve`."""
        if not among and self._postgres is not None and rnd.random() < 0.1:
            self._postgres.restart()
            return "PostgreSQL (restarted)"
        name = rnd.choice(list(self.programs))
        top = self.programs[name].pid
        if name == "serve":
            children = children_of(top)
            # Which one has processes of its own; the others are workers.
            web = next((pid for pid in children if _children_of(pid)), 0)
            workers = [pid for pid in children if pid != web]
            victims = rnd.choice(among or ("everything", "the top", "a web process", "the web server", "a worker",
                                           "all workers", "everything but the top"))
        else:
            web, workers = top, children_of(top)
            victims = rnd.choice(("everything", "the top", "a web process" if name == "web" else "a worker"))
        if victims in ("everything", "the top"):
            self._kill_program(name, only_top=victims == "the top")
        elif victims == "a web process":
            _kill(rnd.sample(below, 1) if (below := _children_of(web)) else [])
        elif victims == "the web server":
            _kill([web, *_children_of(web)] if web else [])
        elif victims == "everything but the top":
            _kill(tree_of(top)[1:])
        elif workers:
            _kill([rnd.choice(workers)] if victims == "a worker" else workers)
        return f"{victims} of {name}"

    def _kill_program(self, name: str, *, only_top: bool = False) -> None:
        program = self.programs.pop(name)
        pids = tree_of(program.pid)
        _kill(pids[:1] if only_top else pids)
        program.process.wait()
        # Forked while the others were being killed; they notice that they are alone.
        wait_until(lambda: not any(map(is_running, pids)), "the others to end", PATIENCE)

    # --- looking

    @contextmanager
    def context(self) -> Iterator[None]:
        """An app context with a database connection, in this process."""
        if self._app is None:
            self._app = create_app(self.config)
        with self._app.app_context(), connected():
            yield

    def sign_up(self) -> Served:
        return sign_up(self.url, next(iter(self.programs.values())))

    def finish_jobs(self) -> list[str]:
        """Wait until the workers have nothing left to do; returns what has failed for good."""
        def left() -> bool:
            # What was queued for later, by whom that suits, is not waited for.
            due = (JobRow.state == "waiting") & ((JobRow.run_at <= now()) | JobRow.error.is_null(False))
            return JobRow.select().where(due | (JobRow.state == "active")).exists()

        with self.context():
            wait_until(lambda: not left(), "the jobs to end", PATIENCE)
            return [f"{row.name} {row.payload}: {row.error}" for row in JobRow.select().where(JobRow.state == "failed")]

    def sweep(self) -> int:
        """Remove orphans, however young; returns how many there were. While nobody uploads and no job runs."""
        before, sweep.OLDER_THAN = sweep.OLDER_THAN, SOON
        try:
            with self.context():
                return sweep.sweep()
        finally:
            sweep.OLDER_THAN = before

    def check(self) -> list[str]:
        """What `immich-flask check --checksums` finds, even of the youngest objects."""
        with self.context():
            found = [*integrity.find_missing(), *integrity.find_untracked(young=SOON), *integrity.find_damaged()]
            problems = [f"{one.wrong}: {one.key} {one.detail}" for one in found]
            if is_sqlite():
                said, = db.execute_sql("PRAGMA integrity_check").fetchone()
                problems += [] if said == "ok" else [f"SQLite: {said}"]
            return problems

    def close(self) -> None:
        self.kill_all()
        if self._app is not None:
            db.obj.close_all()


@contextmanager
def house(backend: Backend, folder: Path, *, storage: str | None = None, **options: Any) -> Iterator[House]:
    """A `House`, with an S3 server when it takes one that the backend does not have."""
    with ExitStack() as stack:
        s3 = None
        if storage == "s3":
            s3 = backend.s3 if backend.kind == "postgres" else stack.enter_context(S3Server())
        made = House(backend, folder, storage=storage, s3=s3, **options)
        stack.callback(made.close)
        yield made


def _children_of(pid: int) -> list[int]:
    """None of a process that is gone."""
    try:
        return children_of(pid)
    except OSError:
        return []


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
