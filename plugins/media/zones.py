"""Time zones by the names Immich gives them: "UTC+2", "UTC-3:30", "UTC", or a name of the tz database.

A place's zone comes from `tzfpy`: 5 MB on disk, 35 MB of memory and 80 ms at the first place, a microsecond for each
one after. `timezonefinder` needs as much memory, four times as long for its first, and seven times the disk.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:UTC|GMT)?([+\-−])(\d{1,2})(?::?(\d{2}))?(?::\d{2})?")

# Offsets in use at some time since 1982, in minutes. Cameras write others only by mistake.
_IN_USE = (
    *(hour * 60 for hour in range(-12, 15)),
    -570, -510, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 585, 630, 765, 825,
)
_GREATEST_DRIFT = 30  # minutes that camera and satellites may be apart


def parse_offset(text: str) -> int | None:
    """Minutes east of Greenwich from "+02:00", "-0330", "+2", "UTC+2" or "Z"; None for what is no offset in use."""
    text = text.strip()
    if text in ("Z", "UTC", "GMT"):
        return 0
    found = _OFFSET.fullmatch(text)
    if not found:
        return None
    sign, hours, minutes = found.groups()
    offset = (int(hours) * 60 + int(minutes or 0)) * (1 if sign == "+" else -1)
    return offset if offset in _IN_USE else None


def offset_name(minutes: int) -> str:
    """The zone of a fixed offset: 120 is "UTC+2", -210 is "UTC-3:30", 0 is "UTC"."""
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """The zone of a name, fixed offsets included; None for a name that no zone has."""
    offset = parse_offset(name)
    if offset is not None:
        return timezone(timedelta(minutes=offset))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        return None


def zone_at(latitude: float, longitude: float) -> str | None:
    """The name of the zone a place lies in, None where there is none."""
    from tzfpy import get_tz

    name = get_tz(longitude, latitude)
    return name if name and zone(name) else None


def likely_offset(minutes: float) -> int | None:
    """The offset in use that is nearest to a difference between two clocks; None beyond half an hour."""
    nearest = min(_IN_USE, key=lambda offset: abs(offset - minutes))
    return nearest if abs(nearest - minutes) <= _GREATEST_DRIFT else None
