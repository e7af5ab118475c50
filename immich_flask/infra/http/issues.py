"""What is wrong with a request, in the words of the wire.

Immich answers a bad value with the issues of its validator, zod: `{"code", "path": [key or index, ...], "message"}` and
a few details per code. Here are those codes and texts, and the way from marshmallow's errors to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError, missing, validate
from marshmallow.exceptions import SCHEMA


class Issue(str):
    """A marshmallow message that knows its zod `code` and `details`.

    It is a string, so that marshmallow merges and carries it like any other message.
    """

    code: str
    details: dict[str, Any]

    def __new__(cls, message: str, code: str = "custom", **details: Any) -> Issue:
        issue = super().__new__(cls, message)
        issue.code = code
        issue.details = details
        return issue


def wire_errors(messages: Mapping | list | str) -> list[dict]:
    """The issues for `ValidationError.messages`, in the order of the fields in their schema, as zod lists them.

    The path of an issue leads from the top of the loaded data to the bad value; `[]` is the data itself (a missing
    body, a rule over several fields). A message that is no `Issue` gets the code `custom`. webargs wraps its messages
    in the name of the location (`{"json": messages}`): take that off first.
    """
    return list(_walk(messages, []))


def _walk(messages: Any, path: list[str | int]) -> Iterator[dict]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, path if key == SCHEMA else [*path, key])
    elif isinstance(messages, list):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        issue = messages if isinstance(messages, Issue) else Issue(str(messages))
        yield {"code": issue.code, **issue.details, "path": path, "message": str(issue)}


def received(value: Any) -> str:
    """The type of a value in zod's words; `marshmallow.missing` is `undefined`."""
    if value is missing:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def wrong_type(expected: str, value: Any, **details: Any) -> ValidationError:
    """The error for a value that is not of the type `expected` (string, number, int, boolean, array, object…)."""
    message = f"Invalid input: expected {expected}, received {received(value)}"
    return ValidationError(Issue(message, "invalid_type", expected=expected, **details))


def wrong_format(message: str, format: str, **details: Any) -> ValidationError:
    """The error for a string that is not of the `format` (uuid, email, datetime, date, regex)."""
    return ValidationError(Issue(message, "invalid_format", origin="string", format=format, **details))


def wrong_option(options: Collection[str], **details: Any) -> ValidationError:
    """The error for a value that is none of `options`."""
    message = "Invalid option: expected one of " + "|".join(f'"{option}"' for option in options)
    return ValidationError(Issue(message, "invalid_value", values=list(options), **details))


class Bounds(validate.Range):
    """A number between `min` and `max`, both included."""

    def __init__(self, min: float | None = None, max: float | None = None, origin: str = "number") -> None:
        super().__init__(min=min, max=max)
        self.origin = origin

    def __call__(self, value: Any) -> Any:
        if self.min is not None and value < self.min:
            raise _out_of_bounds("too_small", self.min, self.origin)
        if self.max is not None and value > self.max:
            raise _out_of_bounds("too_big", self.max, self.origin)
        return value


class Size(validate.Length):
    """A string (`origin` string) or list (array) of `min` to `max` characters or items."""

    def __init__(self, origin: str, min: int | None = None, max: int | None = None) -> None:
        super().__init__(min=min, max=max)
        self.origin = origin

    def __call__(self, value: Any) -> Any:
        unit = "characters" if self.origin == "string" else "items"
        if self.min is not None and len(value) < self.min:
            raise _out_of_bounds("too_small", self.min, self.origin, unit)
        if self.max is not None and len(value) > self.max:
            raise _out_of_bounds("too_big", self.max, self.origin, unit)
        return value


class Pattern(validate.Regexp):
    """A whole string that matches `regex`, read as JavaScript reads it: `\\d` is 0-9, `$` is the very end."""

    def __init__(self, regex: str) -> None:
        super().__init__(regex, re.ASCII)

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            pattern = f"/{self.regex.pattern}/"
            raise wrong_format(f"Invalid string: must match pattern {pattern}", "regex", pattern=pattern)
        return value


def _out_of_bounds(code: str, limit: float, origin: str, unit: str = "") -> ValidationError:
    small = code == "too_small"
    wanted = f"to have {'>=' if small else '<='}{limit} {unit}" if unit else f"to be {'>=' if small else '<='}{limit}"
    message = f"Too {'small' if small else 'big'}: expected {origin} {wanted}"
    details = {"origin": origin, "minimum" if small else "maximum": limit, "inclusive": True}
    return ValidationError(Issue(message, code, **details))
