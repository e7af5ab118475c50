"""Column types that read the same from SQLite and PostgreSQL.

Hot paths read rows as plain tuples and write them to the wire without a conversion per value. So the drivers of both
databases hand out ids and instants as the text the wire wants (`infra.db` sets PostgreSQL's up for it), SQLite stores
that very text, and only model instances turn instants into `datetime`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import peewee

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(instant: datetime) -> str:
    """The wire's form of an instant: UTC, milliseconds, `Z` (2024-05-03T14:02:11.123Z)."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="milliseconds")[:23] + "Z"


def since_epoch(seconds: float) -> datetime:
    """The instant of a Unix time, as files and log records have it; a fifth of the time of `fromtimestamp`."""
    return _EPOCH + timedelta(0, seconds)


def instant(text: str) -> datetime:
    """The aware `datetime` of an ISO 8601 text."""
    return datetime.fromisoformat(text)


def now() -> datetime:
    """This moment, in UTC, cut to the milliseconds that are stored."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class IdField(peewee.Field):
    """A UUID; text with hyphens in Python and in SQLite, `UUID` in PostgreSQL."""

    field_type = "UUID"

    def db_value(self, value: Any) -> str | None:
        return None if value is None else str(value)


class InstantField(peewee.Field):
    """A moment in UTC to the millisecond; an aware `datetime` on instances, ISO text in tuples."""

    field_type = "INSTANT"

    def db_value(self, value: datetime | str | None) -> str | None:
        return iso(value) if isinstance(value, datetime) else value

    def python_value(self, value: str | datetime | None) -> datetime | None:
        return instant(value) if isinstance(value, str) else value


class DayField(peewee.Field):
    """A calendar day without a zone; `date` on instances, `YYYY-MM-DD` in tuples."""

    field_type = "DAY"

    def db_value(self, value: date | str | None) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def python_value(self, value: str | date | None) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


def wire(column: Any) -> Any:
    """Select `column` as the driver gives it, that is, ready for the wire (`SELECT wire(Asset.created_at)`)."""
    return column.coerce(False)
