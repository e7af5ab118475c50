"""Kinds of values that only the system configuration has."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate

from immich_flask.core.jobs.cron import matcher
from immich_flask.infra.http.issues import Issue, wrong_format, wrong_option
from immich_flask.infra.http.schemas import StrictBool, StrictInteger, StrictStr
from immich_flask.infra.http.values import NUMBER, WireField

TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


class ConfigBool(StrictBool):
    """A switch; the words `"true"` and `"false"` will do."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value in ("true", "false"):
            return value == "true"
        return super()._deserialize(value, attr, data, **kwargs)


class ConfigInteger(StrictInteger):
    """A whole number, also as text: what old versions stored of the film settings."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = float(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(WireField, fields.String):
    """One of a few words."""

    def __init__(self, *options: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(options), **kwargs)
        self.options = options

    def refuse(self, value: Any) -> ValidationError:
        return wrong_option(self.options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise self.refuse(value)
        return value


class NumberChoice(WireField, fields.Integer):
    """One of a few whole numbers."""

    def __init__(self, *options: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(options), **kwargs)
        self.options = options

    def refuse(self, value: Any) -> ValidationError:
        return wrong_option([str(option) for option in self.options])

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value not in self.options:
            raise self.refuse(value)
        return int(value)


class Cron(StrictStr):
    """When something is done again and again, in the five fields of cron."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        value = super()._deserialize(value, attr, data, **kwargs)
        try:
            matcher(value)
        except ValueError as error:
            raise ValidationError(Issue(f"Invalid cron expression. {error}")) from error
        return value


class TimeOfDay(StrictStr):
    """`HH:MM`, from 00:00 to 23:59."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{TIME_OF_DAY.pattern}$"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        value = super()._deserialize(value, attr, data, **kwargs)
        if TIME_OF_DAY.fullmatch(value) is None:
            raise wrong_format("Invalid input: expected string in HH:MM format, received string", "time")
        return value


class Url(StrictStr):
    """A web address. `optional`: empty text will do; what is wrong is then said with this name."""

    def __init__(self, *, optional: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.optional = optional

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        value = super()._deserialize(value, attr, data, **kwargs)
        if is_url(value) or self.optional and not value:
            return value
        if self.optional:
            raise ValidationError(Issue(f"{self.optional} must be an empty string or a valid URL"))
        raise wrong_format("Invalid URL", "url")


def is_url(text: str) -> bool:
    """Is it an absolute `http` or `https` address? Clients follow these, so no other scheme is let in."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
