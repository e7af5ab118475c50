"""The single values of the wire as marshmallow fields: text, ids, instants, switches, numbers (see `schemas`)."""

from __future__ import annotations

import base64
import enum
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields, missing

from immich_flask.infra.fields import iso
from immich_flask.infra.http.issues import (
    Bounds,
    Issue,
    Pattern,
    Size,
    received,
    wrong_format,
    wrong_option,
    wrong_type,
)

# The integers that JavaScript, and so the wire, can tell apart.
SAFE_INTEGER = 2**53 - 1

# What no text column takes: NUL (PostgreSQL) and halves of surrogate pairs (no UTF-8 form).
UNSTORABLE = re.compile("[\0\ud800-\udfff]")

UUID_V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)

# zod's iso.datetime with offset: seconds may be absent, the zone may not (server/src/validation.ts).
DATETIME = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class WireField:
    """What all fields share: absent and null values are refused in the same words as values of a wrong type."""

    expected = "string"

    def refuse(self, value: Any) -> ValidationError:
        return wrong_type(self.expected, value)

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        if key == "required":
            return self.refuse(missing)
        if key == "null":
            return self.refuse(None)
        return super().make_error(key, **kwargs)


class StrictStr(WireField, fields.String):
    """Text of `min_length` to `max_length` characters that matches `pattern` (as JavaScript would) as a whole."""

    def __init__(
        self, *, min_length: int | None = None, max_length: int | None = None, pattern: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if min_length is not None or max_length is not None:
            self.validators.append(Size("string", min_length, max_length))
        if pattern is not None:
            self.validators.append(Pattern(pattern))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        refuse_unstorable(value)
        return value


class Color(StrictStr):
    """Three, four, six or eight hexadecimal digits; `#` is put before them where it is missing."""

    PATTERN = "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pattern=self.PATTERN, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return text if text.startswith("#") else f"#{text}"


class UUIDv4(WireField, fields.UUID):
    """The id of an entity; stays text, in lower case.

    With `any_case` upper case is read as lower case; else it is refused: upstream takes it for the id of nothing.
    """

    def __init__(self, *, any_case: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.any_case = any_case

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        text = value.lower() if self.any_case else value
        if UUID_V4.fullmatch(text) is None:
            raise wrong_format("Invalid UUID", "uuid")
        return text


class Email(WireField, fields.String):
    """An address as HTML forms take it (`me@host` is one); put in lower case. Blanks around it are refused."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "email", **(metadata or {})}, **kwargs)

    def refuse(self, value: Any) -> ValidationError:
        return _refuse_text("email", "email", value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or EMAIL.fullmatch(value) is None:
            raise self.refuse(value)
        return value.lower()


class DateTime(WireField, fields.DateTime):
    """An instant, ISO 8601 with `Z` or an offset, as aware `datetime` to the millisecond.

    It is given in UTC; with `keep_offset` in the offset it came with.
    """

    def __init__(self, *, keep_offset: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keep_offset = keep_offset

    def refuse(self, value: Any) -> ValidationError:
        return _refuse_text("ISO 8601 datetime string", "datetime", value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or DATETIME.fullmatch(value) is None:
            raise self.refuse(value)
        try:
            local = datetime.fromisoformat(value)
            moment = local.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.refuse(value) from error
        moment = local if self.keep_offset else moment
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return iso(value) if isinstance(value, datetime) else value


class Date(WireField, fields.Date):
    """A calendar day, `YYYY-MM-DD`, as `date`."""

    def refuse(self, value: Any) -> ValidationError:
        return _refuse_text("ISO date string (YYYY-MM-DD)", "date", value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or DATE.fullmatch(value) is None:
            raise self.refuse(value)
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self.refuse(value) from error


class StrictBool(WireField, fields.Boolean):
    """JSON `true` or `false`."""

    expected = "boolean"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(value)
        return value


class QueryBool(WireField, fields.Boolean):
    """The text `true` or `false`, nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, str):
            raise self.refuse(value)
        if value not in ("true", "false"):
            raise wrong_option(("true", "false"), expected="stringbool")
        return value == "true"


class StrictNumber(WireField, fields.Float):
    """A JSON number from `min` to `max`, as `float`."""

    expected = "number"

    def __init__(self, *, min: float | None = None, max: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min is not None or max is not None:
            self.validators.append(Bounds(min, max))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        return _number(self, value)


class QueryNumber(StrictNumber):
    """The decimal text of a number from `min` to `max`, as `float`. Empty text is not 0, as JavaScript has it."""

    def refuse(self, value: Any) -> ValidationError:
        return super().refuse(math.nan)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        return _number(self, _parsed(self, value))


class StrictInteger(WireField, fields.Integer):
    """A whole JSON number (`5.0` is one) from `min` to `max`; at most 2⁵³ - 1 either way."""

    expected = "number"

    def __init__(self, *, min: int | None = None, max: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(Bounds(-SAFE_INTEGER, SAFE_INTEGER, origin="int"))
        if min is not None or max is not None:
            self.validators.append(Bounds(min, max))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not _number(self, value).is_integer():
            raise wrong_type("int", value, format="safeint")
        return int(value)


class QueryInteger(StrictInteger):
    """The decimal text of a whole number from `min` to `max`."""

    def refuse(self, value: Any) -> ValidationError:
        return super().refuse(math.nan)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        return super()._deserialize(_parsed(self, value), attr, data, **kwargs)


class Enum(WireField, fields.Enum):
    """One of the values of a string enum, as its member."""

    def __init__(self, options: type[enum.StrEnum], **kwargs: Any) -> None:
        super().__init__(options, by_value=fields.String(), **kwargs)

    def refuse(self, value: Any) -> ValidationError:
        return wrong_option([member.value for member in self.enum])

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> enum.StrEnum:
        try:
            return self.enum(value)
        except ValueError as error:
            raise self.refuse(value) from error


class Checksum(WireField, fields.String):
    """A SHA-1 in base64 or hex, as base64. Nonsense is no error (upstream finds nothing by it): it becomes `""`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        return checksum_text(value)


def refuse_unstorable(text: str) -> None:
    """Raise ValidationError if `text` holds what no text column takes."""
    if UNSTORABLE.search(text):
        raise ValidationError(Issue("Invalid input: expected text without NUL characters or lone surrogates"))


def checksum_text(value: str) -> str:
    """A SHA-1 given in base64 (28 characters) or hex (40) as base64; `""`, which no asset has, for anything else."""
    if len(value) not in (28, 40):
        return ""
    try:
        digest = base64.b64decode(value, validate=True) if len(value) == 28 else bytes.fromhex(value)
    except ValueError:
        return ""
    return base64.b64encode(digest).decode() if len(digest) == 20 else ""


def _refuse_text(expected: str, format: str, value: Any) -> ValidationError:
    """For the formats to which upstream gave a message of their own: it says `typeof value`, also for a bad string."""
    kind = received(value)
    message = f"Invalid input: expected {expected}, received {'object' if kind in ('null', 'array') else kind}"
    if isinstance(value, str):
        return wrong_format(message, format)
    return ValidationError(Issue(message, "invalid_type", expected="string"))


def _number(field: StrictNumber | StrictInteger, value: Any) -> float:
    """A finite number; anything else is refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise field.refuse(value)
    try:
        number = float(value)
    except OverflowError as error:
        raise field.refuse(math.inf) from error
    if not math.isfinite(number):
        raise field.refuse(number)
    return number


def _parsed(field: QueryNumber | QueryInteger, value: Any) -> float:
    if not isinstance(value, str) or NUMBER.fullmatch(value) is None:
        raise field.refuse(value)
    return float(value)
