"""Taking out of the database what a plugin has put there, for good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import peewee
from playhouse.migrate import SchemaMigrator

from immich_flask.contracts.errors import ConfigError
from immich_flask.core.models import JobRow, JobTick, Session
from immich_flask.core.plugins import Found
from immich_flask.infra import parts
from immich_flask.infra.db import atomic
from immich_flask.infra.migrations import CORE, exclusive, history_of
from immich_flask.infra.parts import KINDS, Part
from immich_flask.infra.tracking import Tombstone


@dataclass(frozen=True, slots=True)
class Remains:
    """What a plugin has in the database: schema parts, rows of its tables, jobs that wait or have failed, deletions
    that phones have still to hear of."""

    plugin: str
    parts: tuple[Part, ...]
    job_names: tuple[str, ...]
    rows: dict[str, int]
    jobs: int
    tombstones: int
    has_history: bool

    @property
    def tables(self) -> list[str]:
        return [part.name for part in self.parts if part.kind == "table"]

    @property
    def is_synced(self) -> bool:
        """Do phones keep a copy of its rows?"""
        return any(part.kind == "trigger" and part.name.startswith("tracking_") for part in self.parts)

    def __bool__(self) -> bool:
        return self.has_history or bool(self.parts or self.jobs)


def remains_of(database: peewee.Database, name: str) -> Remains:
    """Look, with a connection, what there is of the plugin. ConfigError when its migrations ran before the server noted
    what they make."""
    found = parts.parts_of(name, *KINDS)
    has_history = name != CORE and database.table_exists(history_of(name))
    if has_history and not found and next(iter(database.execute_sql(f"SELECT 1 FROM {history_of(name)}")), None):
        raise ConfigError(f"it is not known what the migrations of {name} have made: they ran under an older version "
                          f"of this server")
    tables = [part.name for part in found if part.kind == "table" and database.table_exists(part.name)]
    jobs = [part.name for part in parts.parts_of(name, "job")]
    return Remains(
        name, tuple(found), tuple(jobs),
        rows={table: database.execute_sql(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0] for table in tables},
        jobs=JobRow.select().where(JobRow.name.in_(jobs)).count() if jobs else 0,
        tombstones=Tombstone.select().where(Tombstone.table_name.in_(tables)).count() if tables else 0,
        has_history=has_history)


def check_unneeded(database: peewee.Database, remains: Remains, found: Iterable[Found]) -> None:
    """Raise ConfigError when another plugin builds upon this one and has data of its own, or refers to its tables."""
    for other in found:
        if remains.plugin in other.meta.requires and database.table_exists(history_of(other.meta.name)):
            raise ConfigError(f"plugin {other.meta.name} requires {remains.plugin} and has tables of its own; "
                              f"purge {other.meta.name} first")
    mine = set(remains.tables)
    for table in sorted(set(database.get_tables()) - mine):
        if taken := mine.intersection(key.dest_table for key in database.get_foreign_keys(table)):
            owner = parts.owner_of_table(table)
            raise ConfigError(f"the table {table}" + (f" of plugin {owner}" if owner else "") + f" refers to "
                              f"{', '.join(sorted(taken))}" + (f"; purge {owner} first" if owner else ""))


def purge(database: peewee.Database, remains: Remains) -> None:
    """Drop it all. Phones that kept a copy of the plugin's rows start over."""
    # Without foreign keys on SQLite, where dropping a table would delete row by row.
    with exclusive(database), SchemaMigrator.from_database(database).migration_context(), atomic():
        parts.drop(database, remains.parts)
        if remains.has_history:
            database.execute_sql(f"DROP TABLE {history_of(remains.plugin)}")
        if remains.job_names:
            JobRow.delete().where(JobRow.name.in_(remains.job_names)).execute()
            JobTick.delete().where(JobTick.name.in_(remains.job_names)).execute()
        if remains.tables:
            Tombstone.delete().where(Tombstone.table_name.in_(remains.tables)).execute()
        if remains.is_synced:
            Session.update(is_pending_sync_reset=True).execute()
        if parts.PluginPart.table_exists():
            parts.forget(remains.plugin)
