"""What belongs to which plugin in the database, so that it can be taken out again, also when the plugin is gone.

Noted in the table `plugin_part` when the database is migrated: the tables, triggers, functions and indexes that a
plugin's migrations made, found by comparing the schema before and after, and the names of its jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import peewee

from immich_flask.infra.db import Model, is_sqlite

KINDS = ("trigger", "table", "index", "function")
"""Of what migrations make, in the order in which it is dropped."""


HISTORY = "migration_"
"""How the tables begin that say which migrations have been applied; they are nobody's part."""


class Part(NamedTuple):
    """One thing. `on`: the table that a trigger or an index belongs to."""

    kind: str
    name: str
    on: str = ""


class PluginPart(Model):
    plugin = peewee.TextField()
    kind = peewee.TextField()
    name = peewee.TextField()
    on = peewee.TextField(default="")
    number = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("plugin", "kind", "name", "on")


def prepare() -> None:
    """Make the table in which it is noted, if there is none."""
    PluginPart.create_table()


@contextmanager
def noted(database: peewee.Database, plugin: str) -> Iterator[None]:
    """Note what appears in the schema meanwhile as `plugin`'s, and forget what disappears."""
    PluginPart.create_table()
    before = set(schema(database))
    try:
        yield
    finally:
        # Also when the second of two migrations failed.
        after = schema(database)
        _remember(plugin, [part for part in after
                           if part not in before and not (part.on or part.name).startswith(HISTORY)])
        for part in set(parts_of(plugin, *KINDS)).difference(after):
            PluginPart.delete().where(PluginPart.plugin == plugin, PluginPart.kind == part.kind,
                                      PluginPart.name == part.name, PluginPart.on == part.on).execute()


def note_jobs(jobs: Iterable[tuple[str, str]]) -> None:
    """Note the (plugin, job) that are registered now; those of earlier versions may wait still."""
    PluginPart.create_table()
    known = set(PluginPart.select(PluginPart.plugin, PluginPart.name).where(PluginPart.kind == "job").tuples())
    for plugin, name in jobs:
        if (plugin, str(name)) not in known:
            _remember(plugin, [Part("job", str(name))])


def parts_of(plugin: str, *kinds: str) -> list[Part]:
    """What belongs to the plugin, in the order in which it was made."""
    if not PluginPart.table_exists():
        return []
    query = (PluginPart.select(PluginPart.kind, PluginPart.name, PluginPart.on)
             .where(PluginPart.plugin == plugin, PluginPart.kind.in_(kinds)).order_by(PluginPart.number))
    return [Part(*row) for row in query.tuples()]


def tables_of_plugins() -> set[str]:
    """The tables of all plugins that ever were here and were not purged."""
    if not PluginPart.table_exists():
        return set()
    return {name for name, in PluginPart.select(PluginPart.name).where(PluginPart.kind == "table").tuples()}


def owner_of_table(table: str) -> str:
    """The plugin whose table that is; empty: nobody knows."""
    row = PluginPart.select(PluginPart.plugin).where(PluginPart.kind == "table", PluginPart.name == table).first()
    return row.plugin if row else ""


def drop(database: peewee.Database, parts: Iterable[Part]) -> None:
    """Drop them, and what stands on them. In a transaction."""
    parts = list(parts)
    virtual = _virtual_tables(database)
    for kind in KINDS:
        of_kind = [part for part in reversed(parts) if part.kind == kind]
        # The tables that a virtual one keeps its data in go with it, and cannot go before.
        for part in sorted(of_kind, key=lambda part: part.name not in virtual):
            _drop(database, part)


def forget(plugin: str) -> None:
    PluginPart.delete().where(PluginPart.plugin == plugin).execute()


def schema(database: peewee.Database) -> list[Part]:
    """All there is, in the order in which it was made."""
    if is_sqlite():
        rows = database.execute_sql("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
                                    "ORDER BY rowid")
        return [Part(kind, name, on if kind in ("trigger", "index") else "") for kind, name, on in rows.fetchall()]
    return [Part(*row) for row in database.execute_sql(_POSTGRES_SCHEMA).fetchall()]


_POSTGRES_SCHEMA = """
SELECT kind, name, coalesce(of_table, '') FROM (
  SELECT CASE WHEN c.relkind = 'i' THEN 'index' ELSE 'table' END AS kind, c.relname::text AS name,
         t.relname::text AS of_table, c.oid AS oid, c.relnamespace AS space
  FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
  WHERE c.relkind IN ('r', 'i', 'p', 'm')
  UNION ALL
  SELECT 'trigger', g.tgname::text, c.relname::text, g.oid, c.relnamespace
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, NULL, p.oid, p.pronamespace FROM pg_proc p
) AS parts
WHERE space = current_schema()::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = parts.oid AND d.deptype = 'e')
ORDER BY oid
"""


def _remember(plugin: str, parts: Iterable[Part]) -> None:
    number = PluginPart.select(peewee.fn.COALESCE(peewee.fn.MAX(PluginPart.number), 0)).scalar()
    for number, part in enumerate(parts, number + 1):
        (PluginPart.insert(plugin=plugin, kind=part.kind, name=part.name, on=part.on, number=number)
         .on_conflict_ignore().execute())


def _virtual_tables(database: peewee.Database) -> set[str]:
    if not is_sqlite():
        return set()
    rows = database.execute_sql("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'").fetchall()
    return {name for name, in rows}


def _drop(database: peewee.Database, part: Part) -> None:
    if part.kind == "function":
        # With the types of its arguments, as PostgreSQL has named it.
        database.execute_sql(f"DROP FUNCTION IF EXISTS {part.name} CASCADE".replace("%", "%%"))
    elif is_sqlite():
        database.execute_sql(f'DROP {part.kind.upper()} IF EXISTS "{part.name}"')
    elif part.kind == "trigger":
        if database.table_exists(part.on):
            database.execute_sql(f'DROP TRIGGER IF EXISTS "{part.name}" ON "{part.on}"')
    else:
        database.execute_sql(f'DROP {part.kind.upper()} IF EXISTS "{part.name}" CASCADE')
