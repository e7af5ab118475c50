"""Counts of a table's rows by a key, kept by database triggers that no write path escapes, so that nobody need count.

A table of counts has the columns of the key and `count`; how many rows there are of a key is the sum of its counts,
whether that is one row or many. `install` makes the triggers, for a migration to call after the table:

    tally.install(db, "things_count", of="thing", key={"owner_id": "{row}.owner_id", "colour": "{row}.colour"},
                  where="{row}.deleted_at IS NULL")

On SQLite, which has one writer, there is one row for a key. On PostgreSQL writers must not wait for each other, so they
only ever add rows, of plus or minus some: one in several hundred writes puts the rows of an owner together again
(`COMPACTING`), if nobody else is at it. It waits for no row and holds none that anybody waits for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import peewee
from peewee import fn

from immich_flask.infra.db import Model, atomic, db, is_sqlite

COMPACTING = 0x7A117
"""The class of the advisory locks of those who put counts together; any number that nobody else uses."""

ONE_IN = {"STATEMENT": 500, "ROW": 5000}
"""Statements that insert or delete, and rows that are updated, between two times that PostgreSQL puts the counts of an
owner together; it takes longer within a statement that changes many rows. To read one takes less than a microsecond."""


class Counts(Model):
    """Base of models of such tables: the columns before `count` are the key, the first of them is whose rows it are."""

    class Meta:
        primary_key = False

    @classmethod
    def key(cls) -> list[peewee.Field]:
        return [field for field in cls._meta.sorted_fields if field.name != "count"]


def install(database: peewee.Database, table: str, *, of: str, key: Mapping[str, str], where: str = "1 = 1") -> None:
    """Count the rows of the table `of` in `table` from now on, and those that it has. `key`: the columns of the key, and
    what stands in them, as SQL about `{row}`; `where`: the condition for rows that count."""
    (_install_sqlite if isinstance(database, peewee.SqliteDatabase) else _install_postgres)(
        database, table, of, key, where)
    columns = ", ".join(key)
    database.execute_sql(f"INSERT INTO {table} ({columns}, count) SELECT {_values(key, of)}, COUNT(*) FROM {of} "
                         f"WHERE {where.format(row=of)} GROUP BY {_numbers(key)}")


def mend(counts: type[Counts], truth: peewee.Select) -> list[tuple]:
    """Set right what differs from `truth`, a query of the same columns that groups by the key. Returns (*key, how many
    were missing); negative ones were too many.

    In SQLite it locks out writers only where something differs.
    """
    difference = _difference(counts, truth)
    if not list(difference.tuples()):
        return []
    with atomic():
        if not is_sqlite():
            db.execute_sql("SELECT pg_advisory_xact_lock(%s, 0)", (COMPACTING,))
        # Whoever wrote since, his rows are added to these.
        missing = list(difference.tuples())
        if missing:
            counts.insert_many(missing, fields=[*counts.key(), counts.count]).execute()
            _put_together(counts)
    return missing


def compact(counts: type[Counts]) -> None:
    """Put together what can be, and remove what counts nothing."""
    several = counts.select(*counts.key()).group_by(*counts.key()).having(
        (fn.COUNT(peewee.SQL("*")) > 1) | (fn.SUM(counts.count) == 0))
    if several.exists():
        with atomic():
            _put_together(counts)


def _difference(counts: type[Counts], truth: peewee.Select) -> peewee.Select:
    columns = [field.column_name for field in counts.key()]
    both = truth.union_all(counts.select(*counts.key(), counts.count * -1)).cte("both", columns=[*columns, "n"])
    keys = [peewee.SQL(column) for column in columns]
    return (peewee.Select((both,), (*keys, fn.SUM(both.c.n).cast("BIGINT"))).with_cte(both).group_by(*keys)
            .having(fn.SUM(both.c.n) != 0).bind(db))


def _put_together(counts: type[Counts]) -> None:
    table = counts._meta.table_name
    if not is_sqlite():
        db.execute_sql(f"SELECT {table}_compact(NULL)")
        return
    sums = list(counts.select(*counts.key(), fn.SUM(counts.count)).group_by(*counts.key())
                .having(fn.SUM(counts.count) != 0).tuples())
    counts.delete().execute()
    for some in peewee.chunked(sums, 500):
        counts.insert_many(some, fields=[*counts.key(), counts.count]).execute()


def _values(key: Mapping[str, str], row: str) -> str:
    return ", ".join(value.format(row=row) for value in key.values())


def _numbers(key: Mapping[str, str]) -> str:
    return ", ".join(str(number) for number in range(1, len(key) + 1))


def _columns_of(key: Mapping[str, str], where: str) -> str:
    """The columns of the counted table that matter."""
    return ", ".join(sorted({name for text in (*key.values(), where) for name in re.findall(r"{row}\.(\w+)", text)}))


def _install_sqlite(database: peewee.Database, table: str, of: str, key: Mapping[str, str], where: str) -> None:
    def add(row: str, number: int) -> str:
        counts, same = where.format(row=row), " AND ".join(f"{name} = {value.format(row=row)}"
                                                           for name, value in key.items())
        return (f"UPDATE {table} SET count = count + {number} WHERE {same} AND {counts};"
                f"INSERT INTO {table} ({', '.join(key)}, count) SELECT {_values(key, row)}, {number}"
                f" WHERE changes() = 0 AND {counts};")

    changed = " OR ".join(f"({text.format(row='NEW')}) IS NOT ({text.format(row='OLD')})"
                          for text in (*key.values(), where))
    for event, condition, action in (
            ("INSERT", where.format(row="NEW"), add("NEW", 1)),
            ("DELETE", where.format(row="OLD"), add("OLD", -1)),
            (f"UPDATE OF {_columns_of(key, where)}", changed, add("OLD", -1) + add("NEW", 1))):
        database.execute_sql(f"CREATE TRIGGER {table}_{event.split()[0].lower()} AFTER {event} ON {of} "
                             f"WHEN {condition} BEGIN {action} END")


def _install_postgres(database: peewee.Database, table: str, of: str, key: Mapping[str, str], where: str) -> None:
    owner, columns = next(iter(key)), ", ".join((*key, "count"))

    def create(event: str, rows: str, each: str, condition: str, action: str, whose: str) -> None:
        name = f"{table}_{event.split()[0].lower()}"
        database.execute_sql(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              {action}
              IF random() * {ONE_IN[each]} < 1 THEN PERFORM {table}_compact({whose}); END IF;
              RETURN NULL;
            END $$""")
        database.execute_sql(f"CREATE TRIGGER {name} AFTER {event} ON {of} {rows} FOR EACH {each} {condition} "
                             f"EXECUTE FUNCTION {name}()")

    # With an older snapshot it could meet rows that have gone since, and fail.
    database.execute_sql(f"""
        CREATE FUNCTION {table}_compact(whose {table}.{owner}%TYPE) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
          IF current_setting('transaction_isolation') = 'read committed' AND pg_try_advisory_xact_lock({COMPACTING}, 0) THEN
            WITH gone AS (DELETE FROM {table} WHERE whose IS NULL OR {owner} = whose RETURNING *)
            INSERT INTO {table} ({columns})
            SELECT {', '.join(key)}, SUM(count) FROM gone GROUP BY {_numbers(key)} HAVING SUM(count) <> 0;
          END IF;
        END $$""".replace("%", "%%"))
    for event, rows, number in (("INSERT", "NEW", "COUNT(*)"), ("DELETE", "OLD", "-COUNT(*)")):
        create(event, f"REFERENCING {rows} TABLE AS written", "STATEMENT", "",
               f"INSERT INTO {table} ({columns}) SELECT {_values(key, 'written')}, {number} FROM written "
               f"WHERE {where.format(row='written')} GROUP BY {_numbers(key)};",
               f"(SELECT {key[owner].format(row='written')} FROM written LIMIT 1)")
    # One statement where it can be: to begin another takes as long as to write the row.
    old, new = (f"({_values(key, row)}, {number})" for row, number in (("OLD", -1), ("NEW", 1)))
    counts_old, counts_new = (where.format(row=row) for row in ("OLD", "NEW"))
    add = (f"IF {counts_old} AND {counts_new} THEN INSERT INTO {table} ({columns}) VALUES {old}, {new};"
           f" ELSIF {counts_old} THEN INSERT INTO {table} ({columns}) VALUES {old};"
           f" ELSIF {counts_new} THEN INSERT INTO {table} ({columns}) VALUES {new}; END IF;")
    before, after = (f"({_values(key, row)}, {where.format(row=row)})" for row in ("OLD", "NEW"))
    create(f"UPDATE OF {_columns_of(key, where)}", "", "ROW", f"WHEN ({before} IS DISTINCT FROM {after})", add,
           key[owner].format(row="NEW"))
