"""SQL that the two databases spell differently, each in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from peewee import SQL, Model, fn

from immich_flask.infra.db import db, is_sqlite


def id_list(ids: list[str]) -> SQL:
    """`SELECT` of the given ids from one bound parameter, however many they are."""
    text = orjson.dumps(ids).decode()
    if is_sqlite():
        return SQL("(SELECT value FROM json_each(?))", [text])
    return SQL("(SELECT value::uuid FROM jsonb_array_elements_text(%s::jsonb) AS value)", [text])


def text_list(texts: Iterable[str]) -> SQL:
    """`SELECT` of the given texts, likewise."""
    text = orjson.dumps(list(texts)).decode()
    if is_sqlite():
        return SQL("(SELECT value FROM json_each(?))", [text])
    return SQL("(SELECT jsonb_array_elements_text(%s::jsonb))", [text])


def update_each(model: type[Model], values: Mapping[str, Mapping[str, Any]]) -> None:
    """Set columns of many rows, each to values of its own: `{primary key: {column: value}}`, the same columns for all.
    One statement with one bound parameter; values are text, numbers or None."""
    if not values:
        return
    database, meta = db.obj, model._meta
    columns = list(next(iter(values.values())))
    rows = [[key, *(row[column] for column in columns)] for key, row in values.items()]
    if is_sqlite():
        source = "json_each(?) AS each_row"
        targets = [f"json_extract(each_row.value, '$[{at}]')" for at in range(len(columns) + 1)]
    else:
        context = database.get_sql_context()
        kinds = [meta.columns[column].ddl_datatype(context).sql for column in (meta.primary_key.column_name, *columns)]
        source = "jsonb_array_elements(%s::jsonb) AS each_row(value)"
        targets = [f"(each_row.value ->> {at})::{kind}" for at, kind in enumerate(kinds)]
    settings = ", ".join(f'"{column}" = {target}' for column, target in zip(columns, targets[1:], strict=True))
    database.execute_sql(
        f'UPDATE "{meta.table_name}" SET {settings} FROM {source} '
        f'WHERE "{meta.table_name}"."{meta.primary_key.column_name}" = {targets[0]}', [orjson.dumps(rows).decode()])


def for_update(query: object) -> object:
    """`query`, locking its rows until the transaction ends. SQLite's transactions have locked everything already."""
    return query if is_sqlite() else query.for_update()


def month(column: object) -> object:
    """The first day of the month of an instant in UTC: `2024-05-01`."""
    # Literals: with bound parameters PostgreSQL would not recognise the expression again in GROUP BY.
    if is_sqlite():
        return fn.substr(column, SQL("1"), SQL("7")).concat(SQL("'-01'"))
    return fn.to_char(column, SQL("'YYYY-MM-01'"), coerce=False)


def local_day(column: object) -> object:
    """The day of an instant in UTC; sorts as dates do."""
    if is_sqlite():
        return fn.substr(column, SQL("1"), SQL("10"), coerce=False)
    return fn.date(column, coerce=False)


def seconds_between(start: object, end: object) -> object:
    """Whole seconds from one instant to the other."""
    if is_sqlite():
        return fn.strftime("%s", end) - fn.strftime("%s", start)
    return fn.date_part("epoch", end - start).cast("INTEGER")
