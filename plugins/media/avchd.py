"""The date in the films of camcorders (AVCHD, `.mts`), which stands in the picture stream and not in the container.

Format: a block of user data with this UUID, then "MDPM", a count, and entries of a number and four bytes. 0x18 holds
the zone, the year and the month, 0x19 the day and the time, each digit in four bits.
"""

from __future__ import annotations

_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_YEAR_AND_MONTH, _DAY_AND_TIME = 0x18, 0x19


def recorded(packet: bytes) -> str | None:
    """When the film began, such as "2008:12:31 23:16:24+01:00", from its first packet; None if that doesn't tell."""
    at = packet.find(_MARK)
    if at < 0:
        return None
    count, entries = packet[at + len(_MARK) :][:1], packet[at + len(_MARK) + 1 :]
    starts = range(0, 5 * int.from_bytes(count, "big"), 5)
    fields = {entries[n]: entries[n + 1 : n + 5] for n in starts if n + 5 <= len(entries)}
    first, second = fields.get(_YEAR_AND_MONTH, b""), fields.get(_DAY_AND_TIME, b"")
    if len(first) < 4 or len(second) < 4:
        return None
    digits = first[1:].hex() + second.hex()
    if not digits.isdecimal():
        return None
    year, month, day, hour, minute, second = digits[:4], *(digits[n : n + 2] for n in range(4, 14, 2))
    return f"{year}:{month}:{day} {hour}:{minute}:{second}{_offset(first[0])}"


def _offset(zone: int) -> str:
    """The zone's bits: half an hour, four for hours, sign. All of them set where the camera knows none."""
    hours = zone >> 1 & 0x0F
    return "" if hours > 14 else f"{'-' if zone & 0x20 else '+'}{hours:02}:{'30' if zone & 1 else '00'}"
