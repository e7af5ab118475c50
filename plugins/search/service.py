"""Searching by metadata, for a random choice, for a count, for the largest (server/src/services/search.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL, Select, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetOrder, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.filters import require_elevated
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import is_sqlite, many
from immich_flask.infra.http.answers import Body
from immich_flask.infra.sql import Lookup, Texts, raw_rows
from immich_flask.infra.unchanged import unchanged
from plugins.search.conditions import PLAIN, wanted, wanted_key
from plugins.search.narrow import Wanted

PAGE = 250
"""Assets of a page when the caller does not say."""


def by_metadata(auth: Auth, query: Mapping[str, Any]) -> Body:
    """`SearchResponseDto`: one page, newest first unless `order` is asc."""

    def answer() -> Body:
        return Body.of(_by_metadata(auth, query))

    if wanted_key(auth, query) is None:
        return answer()
    # What clients ask for when they open, and not what somebody types.
    caller = (auth.user_id, auth.elevated, auth.shared_link and auth.shared_link.id)
    return unchanged(("search", caller, *sorted(query.items())), answer)


def _by_metadata(auth: Auth, query: Mapping[str, Any]) -> dict:
    page, size = query.get("page", 1), query.get("size", PAGE)
    # One more than fits on the page tells whether there is a next one.
    rows = _page(auth, query, size + 1, (page - 1) * size)
    items = _answers(auth, rows[:size], query)
    return {
        "albums": {"total": 0, "count": 0, "items": [], "facets": []},
        "assets": {"total": len(items), "count": len(items), "items": items, "facets": [],
                   "nextPage": str(page + 1) if len(rows) > size else None},
    }


def at_random(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """Some of the assets that fit, in no order."""
    chosen = _all_wanted(auth, query).select(Asset.id).order_by(fn.RANDOM()).limit(query.get("size", PAGE))
    # Without the rows: what is sorted should be small.
    return _answers(auth, _rows([asset_id for asset_id, in chosen.tuples()]), query)


def statistics(auth: Auth, query: Mapping[str, Any]) -> dict:
    """How many fit."""
    return {"total": _all_wanted(auth, query).select(fn.COUNT(SQL("*"))).scalar()}


def _all_wanted(auth: Auth, query: Mapping[str, Any]) -> Wanted:
    """What fits, for those who look at all of it and not at the newest."""
    found = wanted(auth, query)
    if is_sqlite() and not query.keys() - PLAIN:
        # It is so anyway. Said, it lets SQLite walk through an index that has all that is asked for, twice as quick as
        # from row to row.
        found.must(Asset.visibility.in_(tuple(AssetVisibility)))
    return found


def large_assets(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """The largest files above `minFileSize` bytes, the largest first, with EXIF."""
    fits = fn.EXISTS(wanted(auth, query).select(SQL("1")).where(Asset.id == AssetExif.asset))
    # By the sizes, not by the owner's assets.
    largest = (AssetExif.select(AssetExif.asset).where(AssetExif.file_size_in_byte > query.get("minFileSize", 0), fits)
               .order_by(AssetExif.file_size_in_byte.desc(), AssetExif.asset).limit(query.get("size", PAGE)))
    return assets_response(auth, _rows([asset_id for asset_id, in largest.tuples()]), exif=True)


def by_content(auth: Auth, query: Mapping[str, Any]) -> dict:
    """Searching by what is in the pictures takes machine learning, which there is none of."""
    if query.get("visibility") == AssetVisibility.LOCKED:
        require_elevated(auth)
    raise BadRequest("Smart search is not enabled")


def _page(auth: Auth, query: Mapping[str, Any], limit: int, offset: int) -> list[tuple]:
    """`ASSET_COLUMNS` of what a search finds, from `offset` on, by the time it was taken."""
    ascending, key = query["order"] == AssetOrder.ASC, wanted_key(auth, query)
    given = limit, offset, limit + offset
    if key is None:
        found = raw_rows(_in_order(wanted(auth, query), ascending, *given))
    else:
        found = _kept.rows(key, lambda *given: _in_order(wanted(auth, query), ascending, *given), *given)
    whole = not found or len(found[0]) == len(ASSET_COLUMNS)
    return found if whole else _rows([asset_id for asset_id, _ in found])


_kept = Texts()


def _in_order(search: Wanted, ascending: bool, limit: Any, offset: Any, until: Any) -> Any:
    """The query for what a search finds, from `offset` to `until`, in order; of several parts only ids and times."""

    def ordered(query: Any, *columns: Any) -> Any:
        return query.order_by(*(column if ascending else column.desc() for column in columns))

    if search.among is not None or len(search.parts) == 1:
        query = ordered(search.select(*ASSET_COLUMNS), Asset.file_created_at, Asset.id)
        return query.limit(limit).offset(offset)
    # The first of each part, each found along an index; of these the first; and only then the whole rows.
    firsts = [ordered(select_assets(Asset.id, Asset.file_created_at.alias("taken")).where(*part),
                      Asset.file_created_at, Asset.id).limit(until) for part in search.parts]
    found = reduce(or_, (Select((first,), (first.c.id, first.c.taken)) for first in firsts))
    return ordered(found, SQL("taken"), SQL("id")).limit(limit).offset(offset)


_of_ids = Lookup(lambda ids: select_assets(*ASSET_COLUMNS).where(Asset.id.in_(many(ids))))


def _rows(ids: list[str]) -> list[tuple]:
    """`ASSET_COLUMNS` of these assets, in their order."""
    rows = {row[0]: row for row in _of_ids.rows(ids)}
    return [rows[asset_id] for asset_id in ids if asset_id in rows]


def _answers(auth: Auth, rows: list[tuple], query: Mapping[str, Any]) -> list[dict]:
    return assets_response(auth, rows, exif=bool(query.get("withExif")),
                           fields=("people",) if query.get("withPeople") else ())
