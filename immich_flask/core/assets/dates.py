"""When a picture was taken: an instant, the zone of the clock that showed it, and what that clock showed.

`date_time_original` and `file_created_at` hold the instant, `time_zone` a zone, `local_date_time` the wall clock as if
it were UTC. Zones come from files as IANA names or offsets (`Europe/Berlin`, `UTC+2`); a user's edit leaves the offset
that holds at that moment, as upstream reads it back from the sidecar it writes (server/src/services/metadata.service.ts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from immich_flask.contracts.errors import BadRequest
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import many
from immich_flask.infra.fields import instant, iso, wire
from immich_flask.infra.sql import update_each

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)


def zone(name: str) -> tzinfo:
    """The zone of an IANA name or an offset (`UTC`, `UTC+5:30`, `-09:30`). Raises ValueError for anything else."""
    if name in ("UTC", "GMT", "Z"):
        return UTC
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(offset if match[1] == "+" else -offset)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def offset_name(moment: datetime) -> str:
    """The offset of an aware `datetime` as it stands in `timeZone`: `UTC+0`, `UTC+2`, `UTC-9:30`."""
    minutes = round(moment.utcoffset() / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def wall_clock(moment: datetime) -> datetime:
    """What the clock shows at an aware `datetime`, as if it were UTC: the value of `local_date_time`."""
    return moment.replace(tzinfo=UTC)


def change_dates(asset_ids: Iterable[str], *, date: datetime | None = None, minutes: int = 0,
                 time_zone: str | None = None) -> None:
    """Set the dates of assets of one owner. In a transaction; a constant number of statements.

    date: the same moment for all; its offset is the zone, without one it is UTC and each asset keeps its zone.
    minutes: added to each asset's own date instead. time_zone: the same instants, by that clock.
    Raises BadRequest when a date leaves the years 1 to 9999.
    """
    moment = date if date is None or date.tzinfo else date.replace(tzinfo=UTC)
    given = zone(time_zone) if time_zone else date.tzinfo if date is not None else None
    rows = (
        Asset.select(Asset.id, wire(Asset.file_created_at), wire(AssetExif.date_time_original), AssetExif.time_zone)
        .join(AssetExif).where(Asset.id.in_(many(asset_ids))).tuples())
    assets, exifs = {}, {}
    for asset_id, created, original, known in list(rows):
        try:
            taken = (moment or instant(original or created)) + timedelta(minutes=minutes)
            local = taken.astimezone(given or _zone_of_file(known))
            assets[asset_id] = {"file_created_at": iso(taken), "local_date_time": iso(wall_clock(local))}
        except OverflowError as error:
            raise BadRequest("The date is out of range") from error
        exifs[asset_id] = {"date_time_original": iso(taken), "time_zone": offset_name(local)}
    update_each(Asset, assets)
    update_each(AssetExif, exifs)


def _zone_of_file(name: str | None) -> tzinfo:
    try:
        return zone(name or "UTC")
    except ValueError:
        # Files hold what their makers wrote.
        return UTC
