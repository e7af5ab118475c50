"""SQL that the two databases spell differently, each in one place."""

from __future__ import annotations

import orjson
from peewee import SQL, fn

from immich_flask.infra.db import is_sqlite


def id_list(ids: list[str]) -> SQL:
    """`SELECT` of the given ids from one bound parameter, however many they are."""
    text = orjson.dumps(ids).decode()
    if is_sqlite():
        return SQL("(SELECT value FROM json_each(?))", [text])
    return SQL("(SELECT value::uuid FROM jsonb_array_elements_text(%s::jsonb) AS value)", [text])


def month(column: object) -> object:
    """The first day of the month of an instant in UTC: `2024-05-01`."""
    if is_sqlite():
        return fn.substr(column, 1, 7).concat("-01")
    return fn.to_char(column, "YYYY-MM-01")


def local_day(column: object) -> object:
    """The day of an instant in UTC; sorts as dates do."""
    return fn.substr(column, 1, 10) if is_sqlite() else fn.date(column)


def seconds_between(start: object, end: object) -> object:
    """Whole seconds from one instant to the other."""
    if is_sqlite():
        return fn.strftime("%s", end) - fn.strftime("%s", start)
    return fn.date_part("epoch", end - start).cast("INTEGER")
