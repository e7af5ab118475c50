"""Months and their columns (server/src/services/timeline.service.ts).

The month of an asset is that of its `local_date_time`, the wall clock where it was taken; within a month assets go by
local day, then by the instant they were taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Cast, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetOrder, AssetOrderBy, AssetStatus, AssetVisibility
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.core.assets.filters import either, plugin_parts, require_elevated
from immich_flask.core.assets.visible import any_of, select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.runtime import runtime
from immich_flask.infra.fields import wire
from immich_flask.infra.sql import in_month, local_day, month, raw_rows
from immich_flask.infra.unchanged import unchanged

SHOWN = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE)
"""Visibilities of a timeline that was asked for none in particular."""

CREATED = 7
"""Where `fileCreatedAt` stands in `_columns`."""


def buckets(auth: Auth, query: dict) -> list[dict]:
    """`[{timeBucket: "2024-05-01", count}]`, newest first unless `order` is asc."""
    caller = (auth.user_id, auth.elevated, auth.shared_link and auth.shared_link.id)
    return unchanged(("timeline", caller, tuple(query.items())), lambda: _buckets(auth, query))


def _buckets(auth: Auth, query: dict) -> list[dict]:
    by = month(_dated_by(query))
    counts: Counter[str] = Counter()
    # One by one: each is counted along an index, which several at once are not.
    for visibility in _visibilities(query):
        for conditions in _parts(auth, query, (visibility,)):
            counts.update(dict(raw_rows(
                select_assets(by, fn.COUNT(SQL("*"))).where(*conditions).group_by(SQL("1")))))
    return [{"timeBucket": name, "count": counts[name]}
            for name in sorted(counts, reverse=query["order"] == AssetOrder.DESC)]


def bucket(auth: Auth, query: dict) -> dict[str, list]:
    """All assets of one month, as equally long columns. Empty when `timeBucket` is not the first of a month."""
    columns = _columns(auth, query)
    start: date = query["timeBucket"]
    if start.day != 1:
        return {name: [] for name, *_ in columns}
    dated = _dated_by(query)
    by_day = [dated] if query["orderBy"] == AssetOrderBy.CREATED_AT else [local_day(dated), Asset.file_created_at]
    order = (column if query["order"] == AssetOrder.ASC else column.desc() for column in (*by_day, Asset.id))
    rows = raw_rows(
        select_assets(*(column for _, column, _ in columns))
        .join(AssetExif, JOIN.LEFT_OUTER, on=AssetExif.asset == Asset.id)
        .where(*either(_parts(auth, query, _visibilities(query))), in_month(dated, start)).order_by(*order))
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    answer = {name: list(map(convert, items)) if convert else list(items)
              for (name, _, convert), items in zip(columns, values, strict=True)}
    answer["localOffsetHours"] = list(map(_hours, values[CREATED], answer["localOffsetHours"]))
    return answer


def _dated_by(query: dict) -> Any:
    return Asset.created_at if query["orderBy"] == AssetOrderBy.CREATED_AT else Asset.local_date_time


def _visibilities(query: dict) -> tuple[AssetVisibility, ...]:
    return (query["visibility"],) if "visibility" in query else SHOWN


def _parts(auth: Auth, query: dict, visibilities: tuple[AssetVisibility, ...]) -> list[list]:
    """Lists of conditions of which one must hold as a whole; an asset fits in one of them at most."""
    visibility, favorite, trashed = query.get("visibility"), query.get("isFavorite"), query.get("isTrashed", False)
    if visibility == AssetVisibility.LOCKED:
        require_elevated(auth)
    if query.get("withPartners") and (trashed or favorite is not None or visibility in (
            None, AssetVisibility.ARCHIVE, AssetVisibility.LOCKED)):
        raise BadRequest("withPartners is only supported for non-archived, non-trashed, non-favorited, "
                         "non-locked assets")
    parts = plugin_parts(auth, query, permission="timeline.read", visibility=visibilities)
    if visibility == AssetVisibility.ARCHIVE and query.get("userId", auth.user_id) != auth.user_id:
        raise NoAccess("archive.read")
    if trashed:
        conditions = [Asset.deleted_at.is_null(False), Asset.status != AssetStatus.DELETED]
    else:
        conditions = [Asset.deleted_at.is_null()]
    if favorite is not None:
        conditions.append(Asset.is_favorite == favorite)
    if "bbox" in query:
        # One who may not see where assets were taken must not find it out by asking for box after box.
        conditions.append(Asset.id.in_(_within(*query["bbox"])) if _sees_metadata(auth) else any_of([]))
    return [part + conditions for part in parts]


def _within(west: float, south: float, east: float, north: float) -> Any:
    longitude = AssetExif.longitude
    # A box across the date line has its western edge east of its eastern one.
    inside = longitude.between(west, east) if west <= east else (longitude >= west) | (longitude <= east)
    return AssetExif.select(AssetExif.asset).where(AssetExif.latitude.between(south, north), inside)


def _columns(auth: Auth, query: dict) -> list[tuple[str, Any, Callable | None]]:
    """(name on the wire, what to select, what to do with each value)."""
    columns = [
        ("duration", Asset.duration, None),
        ("id", Asset.id, None),
        ("visibility", Asset.visibility, None),
        ("isFavorite", Asset.is_favorite & (Asset.owner == auth.user_id), bool),
        ("isImage", Asset.type == "IMAGE", bool),
        ("isTrashed", Asset.deleted_at.is_null(False), bool),
        ("livePhotoVideoId", Asset.live_photo_video, None),
        ("fileCreatedAt", wire(Asset.file_created_at), _without_zone),
        ("localOffsetHours", wire(Asset.local_date_time), None),
        ("createdAt", wire(Asset.created_at), _without_zone),
        ("ownerId", Asset.owner, None),
        ("projectionType", AssetExif.projection_type, None),
        ("ratio", fn.ROUND(Asset.width.cast("NUMERIC") * SQL("1.0") / fn.NULLIF(Asset.height, 0), 3), _ratio),
        ("status", Asset.status, None),
        ("thumbhash", Asset.thumbhash, None),
    ]
    if _sees_metadata(auth):
        columns += [("city", AssetExif.city, None), ("country", AssetExif.country, None)]
        if query.get("withCoordinates"):
            columns += [("latitude", AssetExif.latitude, None), ("longitude", AssetExif.longitude, None)]
    if query.get("withStacked"):
        columns.append(("stack", _stack(), _stack_pair))
    return columns


def _sees_metadata(auth: Auth) -> bool:
    return auth.shared_link is None or auth.shared_link.show_metadata


def _stack() -> Any:
    """`<stack id> <number of shown members>` of a stacked asset."""
    if "withStacked" not in runtime.plugins.asset_filters:
        # Whoever owns stacks is off: their ids mean nothing now.
        return SQL("NULL")
    member = Asset.alias()
    count = (member.select(fn.COUNT(member.id))
             .where(member.stack_id == Asset.stack_id, member.deleted_at.is_null(),
                    member.visibility == AssetVisibility.TIMELINE))
    return fn.TRIM(Asset.stack_id.cast("TEXT").concat(" ").concat(Cast(count, "TEXT")))


def _stack_pair(text: str | None) -> list[str] | None:
    return text.split(" ") if text else None


def _without_zone(instant: str) -> str:
    return instant[:-1].rstrip("0").rstrip(".") if instant.endswith("0Z") else instant[:-1]


def _hours(instant: str, local: str) -> float:
    """How far the clock there was ahead of UTC."""
    if instant[:11] == local[:11] and instant[13:] == local[13:]:
        # The same day, and whole hours: nearly all.
        return int(local[11:13]) - int(instant[11:13])
    hours = (datetime.fromisoformat(local) - datetime.fromisoformat(instant)) / timedelta(hours=1)
    return int(hours) if hours == int(hours) else round(hours, 6)


def _ratio(value: Any) -> float:
    return float(value) if value else 1
