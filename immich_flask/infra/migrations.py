"""Schema migrations: Peewee's runner, one history table for the core and one per plugin, under one lock.

A migration file defines `up(migrator, db)` and imports Peewee, `immich_flask.infra.fields` and
`immich_flask.infra.tracking`, never live models: it must mean the same after the models moved on.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import peewee
from playhouse.migrations import Runner
from playhouse.schema_diff import SchemaDiff, diff_models

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.db import connected, db, is_sqlite
from immich_flask.infra.parts import HISTORY, noted
from immich_flask.infra.paths import shipped
from immich_flask.infra.private import make_private_file

CORE = "core"

_ADVISORY_LOCK = 0x1AA1C4  # any number, the same in every process


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of migrations and the name of its owner: `core`, or a plugin's."""

    name: str
    folder: Path

    def runner(self, database: peewee.Database) -> Runner:
        return Runner(database, str(self.folder), table_name=history_of(self.name))


def history_of(name: str) -> str:
    """The table that says which migrations of the core or a plugin have been applied."""
    return f"{HISTORY}{name}"


def core_source() -> Source:
    return Source(CORE, shipped("migrations"))


def pending(sources: Sequence[Source]) -> list[str]:
    """What has not been applied yet, as `source/migration`."""
    with connected() as database:
        return [f"{source.name}/{migration.name}" for source in sources
                for migration in source.runner(database).status() if not migration.applied]


def applied(source: Source) -> list[str]:
    """The names of what was applied, in order. With a connection."""
    return [migration.name for migration in source.runner(db.obj).status() if migration.applied]


def migrate(sources: Sequence[Source], report: Callable[[str], None] = lambda line: None) -> list[str]:
    """Apply what is pending, source by source in the order given; returns the applied ones as `source/migration`.

    Two migrators started together both end well: the second waits, then finds nothing to do. Of a migration that fails
    nothing is left, and those before it stay. Raises ConfigError that names the plugin, when it is a plugin's.
    """
    done = []
    with connected() as database, exclusive(database):
        for source in sources:
            runner = source.runner(database)
            if all(migration.applied for migration in runner.status()):
                continue
            with noted(database, source.name) if source.name != CORE else nullcontext():
                applied = _up(source, runner)
            for name in applied:
                done.append(f"{source.name}/{name}")
                report(f"applied {done[-1]}")
    return done


def _up(source: Source, runner: Runner) -> list[str]:
    if source.name == CORE:
        return runner.up()
    try:
        return runner.up()
    except Exception as error:
        failed = next((migration.name for migration in runner.status() if not migration.applied), "?")
        raise ConfigError(f"plugin {source.name}: the migration {failed} failed: {error!r}; mend it, or add "
                          f"{source.name} to plugins.disabled") from error


def drift(models: Sequence[type[peewee.Model]]) -> SchemaDiff:
    """How the schema differs from what the models say; falsy when it does not."""
    with connected() as database:
        return diff_models(database, list(models))


@contextmanager
def exclusive(database: peewee.Database) -> Iterator[None]:
    """Let nobody else change the schema meanwhile."""
    if not is_sqlite():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        try:
            yield
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))
        return
    make_private_file(Path(f"{database.database}.migrating"))
    with open(f"{database.database}.migrating", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
