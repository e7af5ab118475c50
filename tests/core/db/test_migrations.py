"""The schema is what the models say, however it came about."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import all_models
from immich_flask.infra import migrations
from immich_flask.infra.config import Config
from immich_flask.infra.db import connect_database
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend


def test_models_and_schema_agree(server: Server) -> None:
    with server.context():
        difference = migrations.drift(all_models(server.runtime.plugins))
    assert not difference, str(difference)


def test_drift_is_noticed(make_server: Callable[..., Server]) -> None:
    server = make_server()
    with server.context():
        server.database.execute_sql("ALTER TABLE asset_file DROP COLUMN size_in_byte")
        assert "add column asset_file.size_in_byte" in str(migrations.drift(all_models(server.runtime.plugins)))


def test_two_migrators_started_together_both_end_well(backend: Backend, make_server: Callable[..., Server]) -> None:
    config = backend.config()
    if backend.kind == "postgres":
        backend.postgres.create_database(backend._name(config))
    fork = multiprocessing.get_context("spawn")
    results = fork.Queue()
    both = [fork.Process(target=migrate, args=(config, results)) for _ in range(2)]
    for process in both:
        process.start()
    done = sorted((results.get(timeout=60) for _ in both), key=len)
    for process in both:
        process.join()
    assert done[0] == []
    assert done[1][0] == "core/0001_initial"


def migrate(config: Config, results: multiprocessing.Queue) -> None:
    connect_database(config)
    results.put(migrations.migrate([migrations.core_source(), *Plugins(config).migration_sources()]))
