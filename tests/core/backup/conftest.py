"""Places to make backups of and to put them back into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immich_flask.app import create_app
from immich_flask.core.backup.making import make_backup
from immich_flask.core.backup.restoring import restore_backup
from immich_flask.core.plugins import Plugins
from immich_flask.infra.config import Config
from immich_flask.infra.db import db
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend


@pytest.fixture(scope="module")
def house(make_server: Callable[..., Server]) -> Server:
    """A server of its own, with an administrator who has a photo."""
    server = make_server()
    server.admin = server.user("ann", is_admin=True)
    server.photo = server.admin.asset()
    return server


@pytest.fixture
def back_up(tmp_path: Path) -> Callable[[Server], Path]:
    def make(server: Server) -> Path:
        with server.context():
            return make_backup(tmp_path, server.runtime.plugins)

    return make


@pytest.fixture
def empty_place(backend: Backend) -> Callable[..., Config]:
    """The configuration of a place that has no tables yet."""

    def make(**overrides: Any) -> Config:
        config = backend.config(**overrides)
        if backend.kind == "postgres":
            backend.postgres.create_database(backend._name(config))
        return config

    return make


@pytest.fixture
def put_back() -> Callable[[Path, Config], Server]:
    """Restore a backup, and the server on what came of it."""
    made = []

    def restore(path: Path, config: Config) -> Server:
        plugins = Plugins(config)
        app = create_app(config, plugins=plugins)
        made.append(db.obj)
        with app.app_context():
            restore_backup(path, config, plugins)
        server = Server(app)
        server.runtime.storage.check()
        return server

    yield restore
    for database in made:
        database.close_all()
