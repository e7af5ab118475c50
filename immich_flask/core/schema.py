"""Bringing the database up to date, and refusing to work with one that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from immich_flask.contracts.errors import ConfigError
from immich_flask.core.models import CORE_MODELS
from immich_flask.core.plugins import Plugins
from immich_flask.core.server.versions import remember_version
from immich_flask.infra import migrations
from immich_flask.infra.config import Config
from immich_flask.infra.db import UNAVAILABLE, connected
from immich_flask.infra.migrations import Source
from immich_flask.infra.parts import note_jobs
from immich_flask.infra.private import make_private_file, make_private_folder
from immich_flask.infra.queue import prepare_queue


def migration_sources(plugins: Plugins) -> list[migrations.Source]:
    """The core's migrations, then the enabled plugins', in dependency order."""
    return [migrations.core_source(), *plugins.migration_sources()]


def all_models(plugins: Plugins) -> list[type]:
    """The core's models and the enabled plugins', for the schema comparison."""
    return [*CORE_MODELS, *plugins.models]


def migrate_all(config: Config, plugins: Plugins, report: Callable[[str], None] = lambda line: None) -> list[str]:
    """Apply what is pending, and prepare the queue; returns what was applied. ConfigError without a database."""
    make_private_folder(config.data_path)
    for url in (config.database_url, config.queue_url):
        if url.startswith("sqlite:///"):
            # What SQLite puts beside it gets the same permissions. Where this fails it will fail, too, and say why.
            with suppress(OSError):
                make_private_file(Path(url.removeprefix("sqlite:///")))
    with _reachable(), connected() as database:
        done = migrations.migrate(migration_sources(plugins), report)
        with migrations.exclusive(database):
            prepare_queue(config)
            note_jobs((plugins.owner("job", name), name) for name in plugins.jobs)
        remember_version()
    return done


def require_migrated(plugins: Plugins) -> None:
    """Raise ConfigError when something is pending, or the database cannot be reached."""
    with _reachable():
        if pending := migrations.pending(migration_sources(plugins)):
            raise ConfigError(f"the database lacks {', '.join(pending)}: run immich-flask migrate")


def applied_migrations(plugins: Plugins) -> dict[str, list[str]]:
    """What the database has, by source and in order; also of plugins that are disabled. With a connection."""
    sources = [migrations.core_source(), *(Source(name, found.migrations) for name, found in plugins.found.items())]
    applied = {source.name: migrations.applied(source) for source in sources}
    return {name: names for name, names in applied.items() if names}


def differences(plugins: Plugins) -> list[str]:
    """What is pending, and how the schema differs from the models, one line each. ConfigError without a database."""
    with _reachable():
        if pending := migrations.pending(migration_sources(plugins)):
            return [f"pending: {name}" for name in pending]
        return str(migrations.drift(all_models(plugins))).splitlines()


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except UNAVAILABLE as error:
        raise ConfigError(f"the database cannot be used: {error}".strip().replace("\n", " ")) from error
