"""The vocabulary of the wire for marshmallow schemas: what requests may hold, and what the OpenAPI document says.

Schemas validate input and document output; nothing is dumped through them. Name the fields as the wire does and put
them in the wire's order: issues come in that order (`wire_errors`).

A field as it stands may be left out, but not be `null`; `required=True` must be there; `allow_none=True` may be `null`
(with `required=True`: must be there, `null` counts). A field that was left out is absent from the loaded dict unless it
has a `load_default`. The `Strict…` fields take a JSON value only of their own type, the `Query…` fields take the text
of a query, a path or a form; the others take strings and serve both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, ValidationError, fields
from marshmallow.exceptions import SCHEMA
from werkzeug.datastructures import MultiDict

from immich_flask.infra.http.issues import Issue, Size, wire_errors, wrong_type
from immich_flask.infra.http.values import (
    Checksum,
    Color,
    Date,
    DateTime,
    Email,
    Enum,
    QueryBool,
    QueryInteger,
    QueryNumber,
    StrictBool,
    StrictInteger,
    StrictNumber,
    StrictStr,
    UUIDv4,
    WireField,
    checksum_text,
    refuse_unstorable,
)

__all__ = [
    "Checksum",
    "Color",
    "Date",
    "DateTime",
    "Email",
    "Enum",
    "Issue",
    "List",
    "Nested",
    "QueryBool",
    "QueryInteger",
    "QueryList",
    "QueryNumber",
    "Record",
    "Schema",
    "StrictBool",
    "StrictInteger",
    "StrictNumber",
    "StrictStr",
    "UUIDv4",
    "checksum_text",
    "plain",
    "wire_errors",
]


class Schema(marshmallow.Schema):
    """The base of all schemas: unknown fields are dropped, as upstream does."""

    class Meta:
        unknown = EXCLUDE

    def load(self, data: Any, *, many: bool | None = None, **kwargs: Any) -> Any:
        """Validate `data` and return it as a dict of Python values; ValidationError otherwise.

        `marshmallow.missing` stands for a request without a body and is an error, unlike `{}`. Of a query or a form, a
        key given once is a value and a key given twice a list, so that a field of one value refuses the latter.
        """
        data = plain(data)
        if not isinstance(data, Mapping) and not (self.many if many is None else many):
            raise ValidationError({SCHEMA: wrong_type("object", data).messages})
        return super().load(data, many=many, **kwargs)


def plain(data: Any) -> Any:
    """Of a query or a form a dict, in which a key given twice has a list; anything else as it is."""
    if isinstance(data, MultiDict):
        return {key: values[0] if len(values) == 1 else values for key, values in data.lists()}
    return data


class List(WireField, fields.List):
    """A JSON array of `min_length` to `max_length` items."""

    expected = "array"

    def __init__(
        self,
        inner: fields.Field | type[fields.Field],
        *,
        min_length: int | None = None,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(inner, **kwargs)
        self.size = Size("array", min_length, max_length)
        self.validators.append(self.size)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list:
        if not isinstance(value, list):
            raise self.refuse(value)
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            self._measure(value, error)
            raise

    def _measure(self, value: list, error: ValidationError) -> None:
        """Add the issue of the length behind those of the items: zod names both."""
        try:
            self.size(value)
        except ValidationError as size:
            error.messages[SCHEMA] = size.messages


class QueryList(List):
    """A query key given several times. Given once it is refused, as on the real server, unless `single` admits that."""

    def __init__(self, inner: fields.Field | type[fields.Field], *, single: bool = False, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.single = single

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list:
        return super()._deserialize([value] if self.single and isinstance(value, str) else value, attr, data, **kwargs)


class Nested(WireField, fields.Nested):
    """An object of another schema. For several of them write `List(Nested(...))`."""

    expected = "object"


class Record(WireField, fields.Dict):
    """A JSON object of any keys and values. Values are not looked into, except for text that cannot be stored and
    nesting that cannot be written out again."""

    expected = "record"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict:
        if not isinstance(value, dict):
            raise self.refuse(value)
        for text in _texts(value):
            refuse_unstorable(text)
        return value


MAX_NESTING = 100
"""Levels within a `Record`: orjson reads more than the 254 that it writes."""


def _texts(value: Any) -> Iterator[str]:
    """All keys and strings within a JSON value. With a stack of its own: the nesting of a body may be deep."""
    stack = [(value, 1)]
    while stack:
        item, level = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (dict, list)):
            if level > MAX_NESTING:
                raise ValidationError(Issue(f"Invalid input: expected at most {MAX_NESTING} levels of nesting"))
            inner = [*item, *item.values()] if isinstance(item, dict) else item
            stack.extend((one, level + 1) for one in inner)
