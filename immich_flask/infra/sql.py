"""SQL that the two databases spell differently, each in one place."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import orjson
from peewee import SQL, Expression, JSONField, Model, NodeList, Query, Select, fn

from immich_flask.infra.db import Given, Place, as_array, db, is_sqlite


def text_list(texts: Iterable[str]) -> SQL:
    """`SELECT` of the given texts from one bound parameter, however many they are; for ids see `db.many`."""
    array = as_array(texts)
    if is_sqlite():
        return SQL("(SELECT value FROM json_each(?))", [array])
    return SQL("(SELECT jsonb_array_elements_text(%s::jsonb))", [array])


def in_query(column: Any, query: Any) -> Expression:
    """`column IN (query)`, for subqueries within subqueries: Peewee's own `in_` makes the text of a query twice, to see
    whether it is an empty list, and so 2ⁿ times that of one n levels down."""
    return Expression(column, "in", query)


def exists(query: Select) -> Any:
    """The condition that `query`, about one row of the query around it, finds something; looked up row by row. Where few
    rows are asked about, and much could be found: PostgreSQL would read all of that for a single row."""
    # With an offset it does not see that it could.
    return fn.EXISTS(query if is_sqlite() else query.offset(SQL("0")))


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


def find(model: type[Model], key: str) -> Any:
    """The row of a model with this primary key (a single column), None when there is none: as `get_or_none`, without
    making the statement anew, which takes several times as long as running it."""
    known = _FINDING.get((model, is_sqlite()))
    if known is None:
        text, _ = db.obj.get_sql_context().parse(model.select().where(model._meta.primary_key == key))
        known = _FINDING[model, is_sqlite()] = text, [(field.name, field.python_value) for field in
                                                      model._meta.sorted_fields]
    text, fields = known
    row = db.obj.execute_sql(text, [key]).fetchone()
    if row is None:
        return None
    found = model(__no_default__=1)
    found.__data__.update((name, convert(value)) for (name, convert), value in zip(fields, row, strict=True))
    return found


_FINDING: dict[tuple[type[Model], bool], tuple[str, list]] = {}


class Lookup:
    """A query whose text Peewee makes once instead of at every run, which takes longer than running it: for hot paths.

        _sizes = Lookup(lambda owner, ids: Asset.select(Asset.id).where(Asset.owner == owner, Asset.id.in_(many(ids))))
        _sizes.rows(user_id, asset_ids)

    `build(*values)` gives the query, or a statement that returns rows, from nodes that stand for the values of a run:
    conditions, `many` and `text_list` take them. Rows come as the driver gives them (SQLite knows neither booleans nor JSON).
    """

    def __init__(self, build: Callable[..., Query]) -> None:
        self._build = build
        self._texts = Texts(most=2)

    def rows(self, *values: Any) -> list[tuple]:
        """All rows for `values`: text, numbers, None, or lists of texts."""
        return self._texts.rows(None, self._build, *values)

    def first(self, *values: Any) -> tuple | None:
        """The first row for `values`."""
        rows = self.rows(*values)
        return rows[0] if rows else None


class Texts:
    """The texts of queries that come in many shapes; the latest `most` are kept, as clients may choose among them."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._texts: dict[Hashable, tuple[str, list]] = {}

    def rows(self, shape: Hashable, build: Callable[..., Query], *values: Any) -> list[tuple]:
        """What the query `build(*values)` finds, as `Lookup.rows`. `shape` is all that it depends on but for the values."""
        key = is_sqlite(), shape
        if (known := self._texts.get(key)) is None:
            known = db.obj.get_sql_context().parse(build(*map(Given, range(len(values)))))
            if len(self._texts) >= self._most:
                # Another thread may have been quicker.
                self._texts.pop(next(iter(self._texts), None), None)
            self._texts[key] = known
        text, parameters = known
        told = [values[value.at] if isinstance(value, Place) else value for value in parameters]
        told = [as_array(value) if isinstance(value, list | tuple) else value for value in told]
        return db.obj.execute_sql(text, told).fetchall()


def insert_row(model: type[Model], values: Mapping[str, Any]) -> Any:
    """Insert one row: columns by the names of their fields, the others get their defaults; returns its primary key (a
    single column). As Peewee's `insert`, but for the text, which takes three times as long to make as to run."""
    values = {**model._meta.get_default_dict(), **values}
    (key,), = _INSERTS.rows((model, *values), partial(_insert, model, values), *_told(model, values))
    return key


def update_row(model: type[Model], key: str, values: Mapping[str, Any]) -> bool:
    """Set columns (by the names of their fields) of the row with this primary key; whether there is one. As Peewee's
    `update`, but for the text."""
    return bool(_UPDATES.rows((model, *values), partial(_update, model, values), *_told(model, values), key))


_INSERTS, _UPDATES = Texts(), Texts()


def _insert(model: type[Model], names: Iterable[str], *values: Any) -> Query:
    return model.insert(dict(zip(names, values, strict=True))).returning(model._meta.primary_key)


def _update(model: type[Model], names: Iterable[str], *values: Any) -> Query:
    *values, key = values
    primary = model._meta.primary_key
    return model.update(dict(zip(names, values, strict=True))).where(primary == key).returning(primary)


def _told(model: type[Model], values: Mapping[str, Any]) -> Iterator[Any]:
    """What the driver is told of values by the names of their fields."""
    fields = model._meta.fields
    for name, value in values.items():
        field = fields[name]
        if isinstance(field, JSONField):
            yield None if value is None else orjson.dumps(value).decode()
        else:
            yield field.db_value(value)


def raw_rows(query: Select) -> list[tuple]:
    """All rows of a query as the driver gives them, for long lists: Peewee's look at each value takes longer than the
    query. SQLite knows neither booleans nor JSON."""
    return db.obj.execute(query).fetchall()


def walked(column: object) -> object:
    """`column` in a condition that most rows fulfil: SQLite shall not take it for a reason to choose an index."""
    return NodeList((SQL("+"), column), glue="") if is_sqlite() else column


def for_update(query: object) -> object:
    """`query`, locking its rows until the transaction ends. SQLite's transactions have locked everything already."""
    return query if is_sqlite() else query.for_update()


def for_key_share(query: object) -> object:
    """`query`, keeping others from deleting its rows until the transaction ends; changing them is fine."""
    return query if is_sqlite() else query.for_update("FOR KEY SHARE")


def month(column: object) -> object:
    """The first day of the month of an instant in UTC: `2024-05-01`."""
    # Literals: with bound parameters PostgreSQL would not recognise the expression again in GROUP BY.
    if is_sqlite():
        return fn.substr(column, SQL("1"), SQL("7")).concat(SQL("'-01'"))
    return fn.to_char(column, SQL("'YYYY-MM-01'"), coerce=False)


def in_month(column: object, first: object, start: object, end: object) -> object:
    """The condition that an instant lies, in UTC, in a month, given as `month_bounds` has it."""
    within = (column >= start) & (column < end)
    # Said twice, for SQLite's index of months.
    return within & (month(column) == first) if is_sqlite() else within


def month_bounds(first: date) -> tuple[str, str, str]:
    """The month that begins on `first`: that day, its first instant, and that of the next month."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1) if first < date(9999, 12, 1) else date.max
    return first.isoformat(), f"{first}T00:00:00.000Z", f"{following}T00:00:00.000Z"


def local_day(column: object) -> object:
    """The day of an instant in UTC; sorts as dates do."""
    if is_sqlite():
        return fn.substr(column, SQL("1"), SQL("10"), coerce=False)
    return fn.date(column, coerce=False)


def contains(column: object, text: str) -> object:
    """The condition that a text column contains `text`, letter by letter; nothing in it is a wildcard."""
    return (fn.INSTR if is_sqlite() else fn.STRPOS)(column, text) > 0


def begins_with(column: object, text: str) -> object:
    """The condition that a text column begins with `text`, letter by letter."""
    return (fn.INSTR if is_sqlite() else fn.STRPOS)(column, text) == SQL("1")
