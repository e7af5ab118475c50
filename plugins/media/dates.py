"""When a picture was taken, from all the tags that say something about it.

Order and derivation are those of upstream (`server/src/services/metadata.service.ts`) and of the library it reads with
(exiftool-vendored, its ReadTask and Timezones): first the zone of the file is found, then each date without a zone of
its own is taken as wall clock in that zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from plugins.media import zones

DATE_TAGS = (
    "SubSecDateTimeOriginal", "SubSecCreateDate", "DateTimeOriginal", "CreationDate", "CreateDate", "DateTimeCreated",
    "GPSDateTime", "SourceImageCreateTime",
)
"""The first of these that holds a date is the date of the picture.

Upstream has three more: a film's MediaCreateDate, which is the same as its CreateDate wherever both are filled, and two
from the encrypted parts of Olympus' and Sony's maker notes, which Exiv2 does not read.
"""

_CAPTURED = (
    "SubSecDateTimeOriginal", "SubSecCreateDate", "DateTimeOriginal", "CreateDate", "CreationDate", "DateTimeCreated",
)

_STAMP = re.compile(
    r"\s*(\d{4})[:-](\d{1,2})[:-](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+\-−][\d:]+)?"
    r"(?: ?[A-Z]{2,5})?\s*"
)
_LOOSE_FORMATS = ("%a %b %d %H:%M:%S %Y", "%b %d %Y %H:%M:%S", "%d %b %Y %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date as a tag has it: the wall clock, and minutes from UTC where the tag says so itself."""

    wall: datetime
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as an instant in UTC. `says_utc`: the tag itself ended in "Z" or "+00:00"."""

    instant: datetime
    says_utc: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """When a picture was taken.

    `instant` is in UTC. `local` is the wall clock in `zone` labelled as if it were UTC, which timelines sort by. `zone`
    may be known without a date, and a date without a zone is taken as UTC.
    """

    instant: datetime | None
    local: datetime | None
    zone: str | None


def parse(text: str) -> Stamp | None:
    """A date with a time, in the form of EXIF or of ISO 8601; None for anything else, such as a date alone."""
    found = _STAMP.fullmatch(text)
    if not found:
        return _parse_loose(text)
    *numbers, fraction, suffix = found.groups()
    offset = zones.parse_offset(suffix) if suffix else None
    try:
        wall = datetime(*(int(number or 0) for number in numbers))
    except ValueError:
        return None
    if wall.year < 2:
        return None
    return Stamp(wall + timedelta(milliseconds=int((fraction or "0")[:3].ljust(3, "0"))), offset)


def _parse_loose(text: str) -> Stamp | None:
    for form in _LOOSE_FORMATS:
        try:
            return Stamp(datetime.strptime(text.strip(), form))
        except ValueError:
            continue
    return None


def zone_of(tags: Mapping[str, object], *, film: bool = False) -> str | None:
    """The zone of a file: from offset tags, else the place, else offsets within dates, else the satellites' clock.

    `tags` holds dates as text, `GPSLatitude` and `GPSLongitude` as numbers. Films are in UTC unless something else is
    said.
    """
    for name in ("TimeZone", "OffsetTimeOriginal", "OffsetTimeDigitized", "TimeZoneOffset"):
        found = _named(tags.get(name))
        if found:
            return found
    if "GPSLatitude" in tags:
        found = zones.zone_at(tags["GPSLatitude"], tags["GPSLongitude"])
        if found:
            return found
    for name in (*_CAPTURED, "TimeCreated"):
        offset = _trailing_offset(tags.get(name))
        if offset:  # an offset of zero is what some programs append without knowing
            return zones.offset_name(offset)
    return "UTC" if film else _from_satellites(tags)


def _named(value: object) -> str | None:
    if not value:
        return None
    offset = zones.parse_offset(str(value))
    if offset is not None:
        return zones.offset_name(offset)
    return str(value) if "/" in str(value) and zones.zone(str(value)) else None


def _trailing_offset(value: object) -> int | None:
    found = re.search(r"[:\d](?:\.\d+)?\s*([+\-−]\d\d:?\d\d)\s*$", value) if isinstance(value, str) else None
    return zones.parse_offset(found[1]) if found else None


def _from_satellites(tags: Mapping[str, object]) -> str | None:
    """The zone a camera's clock was set to, from its difference to the time of the satellites."""
    exact = next((stamp for stamp in _stamps(tags, ("GPSDateTime",)) if not stamp.offset), None)
    clock = next((stamp for stamp in _stamps(tags, _CAPTURED) if stamp.offset is None), None)
    if not exact or not clock:
        return None
    offset = zones.likely_offset((clock.wall - exact.wall) / timedelta(minutes=1))
    return zones.offset_name(offset) if offset is not None else None


def _stamps(tags: Mapping[str, object], names: tuple[str, ...]) -> list[Stamp]:
    found = (parse(tags[name]) for name in names if isinstance(tags.get(name), str))
    return [stamp for stamp in found if stamp]


def dated(tags: Mapping[str, object], *, film: bool = False) -> dict[str, object]:
    """The tags of one file with their zone added as `zone`, and those of DATE_TAGS as Moment instead of text.

    Dates that are none are left out; so is `zone` when nothing tells.
    """
    result = {name: value for name, value in tags.items() if name not in DATE_TAGS}
    name = zone_of(tags, film=film)
    if name:
        result["zone"] = name
    for tag in DATE_TAGS:
        value = tags.get(tag)
        stamp = parse(value) if isinstance(value, str) else None
        if stamp:
            default = "UTC" if film or tag == "GPSDateTime" or not name else name
            result[tag] = Moment(_instant(stamp, default), stamp.offset == 0)
    return result


def _instant(stamp: Stamp, default_zone: str) -> datetime:
    zone = zones.zone(default_zone if stamp.offset is None else zones.offset_name(stamp.offset))
    try:
        return stamp.wall.replace(tzinfo=zone or UTC).astimezone(UTC)
    except OverflowError:  # the first or last hours a date can have
        return stamp.wall.replace(tzinfo=UTC)


def taken(tags: Mapping[str, object]) -> Taken:
    """When, from tags that `dated` returned, those of a sidecar laid over them or not."""
    moment = next((tags[tag] for tag in DATE_TAGS if tag in tags), None)
    name = tags.get("zone") or ("UTC+0" if moment and moment.says_utc else None)
    if not moment:
        return Taken(None, None, name)
    try:
        local = moment.instant.astimezone(zones.zone(name or "UTC")).replace(tzinfo=UTC)
    except OverflowError:
        local = moment.instant
    return Taken(moment.instant, local, name)
