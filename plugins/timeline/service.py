"""Months and their columns (server/src/services/timeline.service.ts).

The month of an asset is that of its `local_date_time`, the wall clock where it was taken; within a month assets go by
local day, then by the instant they were taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Cast, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetOrder, AssetOrderBy, AssetStatus, AssetVisibility
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.core.assets.filters import (
    Libraries, either, parts_key, plugin_parts, require_elevated, whole_libraries,
)
from immich_flask.core.assets.visible import any_of, select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.answers import Body
from immich_flask.infra.sql import Texts, in_month, local_day, month, month_bounds, raw_rows
from immich_flask.infra.unchanged import unchanged
from plugins.timeline.counts import months

OWN_PARAMETERS = ("visibility", "isFavorite", "isTrashed", "withPartners", "withStacked", "withCoordinates", "order",
                  "orderBy", "bbox")
"""Parameters that queries depend on, beside those that are the plugins' to understand."""

SHOWN = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE)
"""Visibilities of a timeline that was asked for none in particular."""

_kept = Texts()


def buckets(auth: Auth, query: dict) -> Body:
    """`[{timeBucket: "2024-05-01", count}]`, newest first unless `order` is asc."""
    return _while_unchanged("months", auth, query, _buckets)


def bucket(auth: Auth, query: dict) -> Body:
    """All assets of one month, as equally long columns. Empty when `timeBucket` is not the first of a month."""
    return _while_unchanged("month", auth, query, _bucket)


def _while_unchanged(what: str, auth: Auth, query: dict, answer: Callable[[Auth, dict], Any]) -> Body:
    caller = (auth.user_id, auth.elevated, auth.shared_link and auth.shared_link.id)
    return unchanged((what, caller, tuple(query.items())), lambda: Body.of(answer(auth, query)))


def _buckets(auth: Auth, query: dict) -> list[dict]:
    _check(auth, query)
    counts, libraries = Counter[str](), _libraries(auth, query)
    # One by one: each is counted along an index, which several at once are not.
    for visibility in _visibilities(query):
        known = libraries and months(libraries, visibility, is_trashed=query.get("isTrashed", False),
                                     is_favorite=query.get("isFavorite"))
        counts.update(_count(auth, query, visibility) if known is None else known)
    return [{"timeBucket": name, "count": counts[name]}
            for name in sorted(counts, reverse=query["order"] == AssetOrder.DESC)]


def _libraries(auth: Auth, query: dict) -> Libraries | None:
    """What is asked for, if counts are kept of it."""
    if "bbox" in query or query["orderBy"] != AssetOrderBy.TAKEN_AT:
        return None
    return whole_libraries(auth, query)


def _count(auth: Auth, query: dict, visibility: AssetVisibility) -> Counter[str]:
    """Months by looking at the assets themselves."""
    counts = Counter[str]()
    parts = _parts(auth, query, (visibility,))
    # One who is asked for by name may be among the partners as well.
    for conditions in [either(parts)] if "userId" in query else parts:
        counts.update(dict(raw_rows(select_assets(month(_dated_by(query)), fn.COUNT(SQL("*")))
                                    .where(*conditions).group_by(SQL("1")))))
    return counts


def _bucket(auth: Auth, query: dict) -> dict[str, list]:
    names, start = _columns(auth, query), query["timeBucket"]
    if start.day != 1:
        return {name: [] for name in names}

    _check(auth, query)

    def asked(*bounds: Any) -> Any:
        dated = _dated_by(query)
        by_day = [dated] if query["orderBy"] == AssetOrderBy.CREATED_AT else [local_day(dated), Asset.file_created_at]
        order = (column if query["order"] == AssetOrder.ASC else column.desc() for column in (*by_day, Asset.id))
        return (select_assets(*(_selected(name, auth) for name in names))
                .join(AssetExif, JOIN.LEFT_OUTER, on=AssetExif.asset == Asset.id)
                .where(*either(_parts(auth, query, _visibilities(query))), in_month(dated, *bounds)).order_by(*order))

    rows = _rows(asked, month_bounds(start), parts_key(auth, query), tuple(map(query.get, OWN_PARAMETERS)))
    values = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    answer = {name: CONVERT[name](items) if name in CONVERT else list(items) for name, items in values.items()}
    answer["localOffsetHours"] = list(map(_hours, values["fileCreatedAt"], values["localOffsetHours"]))
    return answer


def _rows(asked: Callable, bounds: tuple[str, ...], whose: Hashable, how: tuple) -> list[tuple]:
    # Who scrolls asks for month after month, in the same way.
    return raw_rows(asked(*bounds)) if whose is None or how[-1] else _kept.rows((whose, how), asked, *bounds)


def _dated_by(query: dict) -> Any:
    return Asset.created_at if query["orderBy"] == AssetOrderBy.CREATED_AT else Asset.local_date_time


def _visibilities(query: dict) -> tuple[AssetVisibility, ...]:
    return (query["visibility"],) if "visibility" in query else SHOWN


def _check(auth: Auth, query: dict) -> None:
    """Raises Unauthorized for the locked folder without its PIN, BadRequest for what partners never show."""
    visibility, favorite, trashed = query.get("visibility"), query.get("isFavorite"), query.get("isTrashed", False)
    if visibility == AssetVisibility.LOCKED:
        require_elevated(auth)
    if query.get("withPartners") and (trashed or favorite is not None or visibility in (
            None, AssetVisibility.ARCHIVE, AssetVisibility.LOCKED)):
        raise BadRequest("withPartners is only supported for non-archived, non-trashed, non-favorited, "
                         "non-locked assets")


def _parts(auth: Auth, query: dict, visibilities: tuple[AssetVisibility, ...]) -> list[list]:
    """Lists of conditions of which one must hold as a whole; an asset fits in one of them at most."""
    favorite = query.get("isFavorite")
    parts = plugin_parts(auth, query, permission="timeline.read", visibility=visibilities)
    if query.get("visibility") == AssetVisibility.ARCHIVE and query.get("userId", auth.user_id) != auth.user_id:
        raise NoAccess("archive.read")
    if query.get("isTrashed"):
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


SELECTED = {
    "duration": Asset.duration,
    "id": Asset.id,
    "visibility": Asset.visibility,
    "isFavorite": Asset.is_favorite,
    "isImage": Asset.type == "IMAGE",
    "isTrashed": Asset.deleted_at.is_null(False),
    "livePhotoVideoId": Asset.live_photo_video,
    "fileCreatedAt": Asset.file_created_at,
    "localOffsetHours": Asset.local_date_time,
    "createdAt": Asset.created_at,
    "ownerId": Asset.owner,
    "projectionType": AssetExif.projection_type,
    "ratio": fn.ROUND(Asset.width.cast("NUMERIC") * SQL("1.0") / fn.NULLIF(Asset.height, 0), 3),
    "status": Asset.status,
    "thumbhash": Asset.thumbhash,
}
"""The columns that everybody gets, by their names on the wire."""

PLACE = {"city": AssetExif.city, "country": AssetExif.country}

COORDINATES = {"latitude": AssetExif.latitude, "longitude": AssetExif.longitude}


def _columns(auth: Auth, query: dict) -> tuple[str, ...]:
    """The names of the columns of a month."""
    sees = _sees_metadata(auth)
    return (*SELECTED, *(PLACE if sees else ()), *(COORDINATES if sees and query.get("withCoordinates") else ()),
            *(("stack",) if query.get("withStacked") else ()))


def _selected(name: str, auth: Auth) -> Any:
    """What to select for a column."""
    if name == "isFavorite":
        return Asset.is_favorite & (Asset.owner == auth.user_id)
    if name == "stack":
        return _stack()
    return (SELECTED | PLACE | COORDINATES)[name]


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


def _booleans(values: Iterable[Any]) -> list[bool]:
    return list(map(bool, values))


def _stack_pairs(texts: Iterable[str | None]) -> list[list[str] | None]:
    return [text.split(" ") if text else None for text in texts]


def _without_zones(instants: Iterable[str]) -> list[str]:
    return [instant[:-1].rstrip("0").rstrip(".") if instant[-2:] == "0Z" else instant[:-1] for instant in instants]


def _hours(instant: str, local: str) -> float:
    """How far the clock there was ahead of UTC."""
    if instant[:11] == local[:11] and instant[13:] == local[13:]:
        # The same day, and whole hours: nearly all.
        return int(local[11:13]) - int(instant[11:13])
    hours = (datetime.fromisoformat(local) - datetime.fromisoformat(instant)) / timedelta(hours=1)
    return int(hours) if hours == int(hours) else round(hours, 6)


def _ratios(values: Iterable[Any]) -> list[float]:
    return [float(value) if value else 1 for value in values]


CONVERT: dict[str, Callable] = {
    "isFavorite": _booleans, "isImage": _booleans, "isTrashed": _booleans, "fileCreatedAt": _without_zones,
    "createdAt": _without_zones, "ratio": _ratios, "stack": _stack_pairs,
}
"""What to do with the values of a column: as a whole, for a call for each takes longer than what it does."""
