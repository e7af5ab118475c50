"""Several web servers and job workers, as on several machines, behind a proxy that gives each request to the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from immich_flask.app import create_app
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import migrate_all
from immich_flask.infra.config import Config
from immich_flask.infra.db import db
from immich_flask.testing.fixtures import Backend
from tests.core.programs import Program, free_port
from tests.reliability.house import PATIENCE, ROOT
from tests.reliability.proxy import FaultProxy


@dataclass
class Cluster:
    """`url` is the proxy's; `direct` are those of the web servers (APIs)."""

    config: Config
    folder: Path
    app: Flask
    proxy: FaultProxy | None = None
    webs: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.proxy.url}/api"

    @property
    def direct(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/api" for port in self.ports]

    def add_web(self, threads: int = 8) -> None:
        # Every request on a connection of its own: the proxy goes by connections, and nobody shall stick to a server.
        port = free_port()
        program = Program(
            self.folder, "gunicorn", "--chdir", str(ROOT), "--bind", f"127.0.0.1:{port}", "--threads", str(threads),
            "--keep-alive", "0", "wsgi:app", config=self.config, PYTHONPATH=str(ROOT))
        self.ports.append(port)
        self.webs.append(program)

    def add_worker(self) -> None:
        self.workers.append(Program(self.folder, "immich_flask.cli", "worker", config=self.config,
                                    IMMICH_FLASK_QUEUE__WORKERS="1", PYTHONPATH=str(ROOT)))

    def wait(self) -> None:
        for web in self.webs:
            web.expect("Booting worker", PATIENCE)
        for worker in self.workers:
            worker.expect("running jobs", PATIENCE)

    def end(self, programs: list[Program]) -> None:
        while programs:
            program = programs.pop()
            assert program.end() == 0, program.output[-3000:]


@contextmanager
def cluster(backend: Backend, folder: Path, *, webs: int = 2, workers: int = 3, **overrides: Any) -> Iterator[Cluster]:
    """Empty, on the PostgreSQL and the S3 of `backend`; this process is bound to its database, too."""
    config = backend.config(**{"queue.url": "", **overrides})
    backend.postgres.create_database(urlsplit(config.database.url).path[1:])
    plugins = Plugins(config)
    made = Cluster(config, folder, create_app(config, plugins=plugins))
    migrate_all(config, plugins)
    with ExitStack() as stack:
        stack.callback(lambda: made.end([*made.webs, *made.workers]))
        stack.callback(lambda: db.obj.close_all())
        for _ in range(webs):
            made.add_web()
        for _ in range(workers):
            made.add_worker()
        made.wait()
        made.proxy = stack.enter_context(FaultProxy(*(("127.0.0.1", port) for port in made.ports)))
        yield made
