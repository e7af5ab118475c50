"""Numbers about the assets of one account: how many of a kind, how many of a day."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetStatus, AssetType, AssetVisibility
from immich_flask.contracts.errors import BadRequest, Unauthorized
from immich_flask.core.assets.visible import not_locked
from immich_flask.core.models import Asset
from immich_flask.infra.fields import now
from immich_flask.infra.sql import local_day

HEATMAP_DAYS = 364
"""52 weeks, ending today."""

MAX_HEATMAP_DAYS = 40_000
"""More than a century: back to the first photographs that anybody's family has."""


class CalendarHeatmapType(StrEnum):
    """Which date of an asset counts: when it was uploaded, or when it was taken, by the clock of that place."""

    UPLOAD = "Upload"
    TAKEN = "Taken"


def statistics(auth: Auth, owner_id: str, *, visibility: str | None = None, is_favorite: bool | None = None,
               is_trashed: bool | None = None) -> dict[str, int]:
    """`AssetStatsResponse` of the assets of `owner_id`; without `visibility` the timeline and the archive count.

    Raises Unauthorized when locked assets are asked for by anyone but their owner in an elevated session.
    """
    if visibility == AssetVisibility.LOCKED and not _may_see_locked(auth, owner_id):
        raise Unauthorized("Elevated permission is required")
    shown = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE) if visibility is None else (visibility,)
    query = (Asset.select(Asset.type, fn.COUNT(Asset.id))
             .where(Asset.owner == owner_id, Asset.visibility.in_(shown), Asset.deleted_at.is_null(not is_trashed))
             .group_by(Asset.type))
    if is_trashed:
        query = query.where(Asset.status != AssetStatus.DELETED)
    if is_favorite is not None:
        query = query.where(Asset.is_favorite == is_favorite)
    counts = dict(query.tuples())
    return {
        "images": counts.get(AssetType.IMAGE, 0),
        "videos": counts.get(AssetType.VIDEO, 0),
        "total": sum(counts.values()),
    }


def calendar_heatmap(auth: Auth, owner_id: str, kind: CalendarHeatmapType, first: date | None,
                     last: date | None) -> dict[str, Any]:
    """`CalendarHeatmapResponse`: how many assets of `owner_id` there are of each day from `first` to `last` in UTC, by
    default of 52 weeks to today. Raises BadRequest for more days than a client can draw."""
    last = last or now().date()
    try:
        first = first or last - timedelta(days=HEATMAP_DAYS - 1)
        after = last + timedelta(days=1)
    except OverflowError as error:
        raise BadRequest("The period is out of range") from error
    if (last - first).days > MAX_HEATMAP_DAYS:
        raise BadRequest(f"The period has more than {MAX_HEATMAP_DAYS} days")
    column = Asset.created_at if kind == CalendarHeatmapType.UPLOAD else Asset.local_date_time
    day = local_day(column)
    query = (Asset.select(day, fn.COUNT(Asset.id))
             .where(Asset.owner == owner_id, Asset.deleted_at.is_null(), column >= first.isoformat(),
                    column < after.isoformat())
             .group_by(day))
    if not _may_see_locked(auth, owner_id):
        query = query.where(not_locked())
    counts = dict(query.tuples())
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "series": [{"date": day, "count": counts.get(day, 0)} for day in days],
        "totalCount": sum(counts.values()),
    }


def _may_see_locked(auth: Auth, owner_id: str) -> bool:
    return auth.elevated and auth.user_id == owner_id
