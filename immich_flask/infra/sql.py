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
