"""The tables of a PostgreSQL database, out and in: what `pg_dump` does for data, over the connection that we have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

import psycopg
from peewee import Database
from psycopg import sql

from immich_flask.contracts.errors import BadRequest
from immich_flask.infra.storage.base import CHUNK

# Those of the transport of wake-ups are made anew, and say nothing that the table of jobs doesn't.
_TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname NOT LIKE 'huey\\_%%'
GROUP BY c.relname ORDER BY c.relname"""

_REFERENCES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"""

_SEQUENCES = """
SELECT c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
  AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL"""

# Of extensions nothing is dropped.
_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""


def tables(database: Database) -> dict[str, list[str]]:
    """{table: columns that hold data}."""
    return {name: list(columns) for name, columns in database.execute_sql(_TABLES).fetchall()}


def copy_out(database: Database, table: str, columns: list[str], file: IO[bytes]) -> None:
    """Within a transaction. The first line names the columns."""
    file.write("\t".join(columns).encode() + b"\n")
    with (database.connection().cursor() as cursor,
          cursor.copy(sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), _names(columns))) as copy):
        for data in copy:
            file.write(data)


def copy_in(database: Database, table: str, file: IO[bytes]) -> None:
    """What `copy_out` wrote, into an empty table. Within a transaction. BadRequest when it does not go in."""
    try:
        columns = file.readline().decode().rstrip("\n").split("\t")
        with (database.connection().cursor() as cursor,
              cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(columns))) as copy):
            while data := file.read(CHUNK):
                copy.write(data)
    except (psycopg.errors.DataError, psycopg.errors.IntegrityError, psycopg.errors.ProgrammingError,
            UnicodeDecodeError) as error:
        raise BadRequest(f"the backup's table {table} is damaged: {str(error).splitlines()[0]}") from error


def drop_everything(database: Database) -> None:
    """Tables and functions of the schema, for migrations to begin afresh. Within a transaction."""
    for table in tables(database):
        _execute(database, "DROP TABLE {} CASCADE", table)
    for (function,) in database.execute_sql(_FUNCTIONS).fetchall():
        database.execute_sql(f"DROP FUNCTION {function} CASCADE".replace("%", "%%"))


def truncate(database: Database, names: Iterable[str]) -> None:
    """Empty them together, whatever refers to whatever. Within a transaction."""
    _execute(database, "TRUNCATE {}", *names)


class Unguarded:
    """While it is open, rows go in as they are: no trigger touches them, none has to wait for the one it refers to.
    Within a transaction."""

    def __init__(self, database: Database, names: Iterable[str]) -> None:
        self._database, self._names = database, list(names)
        self._references: list[Any] = []

    def __enter__(self) -> None:
        self._references = self._database.execute_sql(_REFERENCES).fetchall()
        for table, name, _ in self._references:
            self._database.execute_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for table in self._names:
            _execute(self._database, "ALTER TABLE {} DISABLE TRIGGER USER", table)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # The transaction is lost anyway.
            return
        for table in self._names:
            _execute(self._database, "ALTER TABLE {} ENABLE TRIGGER USER", table)
        for table, name, definition in self._references:
            self._database.execute_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for table, column, sequence in self._database.execute_sql(_SEQUENCES).fetchall():
            self._database.execute_sql(
                f'SELECT setval(%s, coalesce((SELECT max("{column}") FROM "{table}"), 0) + 1, false)', (sequence,))


def _execute(database: Database, statement: str, *names: str) -> None:
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    database.execute_sql(statement.format(quoted).replace("%", "%%"))


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
