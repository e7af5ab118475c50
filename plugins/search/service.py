"""Searching by metadata, for a random choice, for a count, for the largest (server/src/services/search.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetOrder, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.filters import require_elevated
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import many
from plugins.search.conditions import conditions

PAGE = 250
"""Assets of a page when the caller does not say."""


def by_metadata(auth: Auth, query: Mapping[str, Any]) -> dict:
    """`SearchResponseDto`: one page, newest first unless `order` is asc."""
    page, size = query.get("page", 1), query.get("size", PAGE)
    order = (Asset.file_created_at, Asset.id)
    if query["order"] == AssetOrder.DESC:
        order = tuple(column.desc() for column in order)
    # One more than wanted tells whether there is a next page.
    rows = list(select_assets(*ASSET_COLUMNS).where(*conditions(auth, query)).order_by(*order)
                .limit(size + 1).offset((page - 1) * size).tuples())
    items = _answers(auth, rows[:size], query)
    return {
        "albums": {"total": 0, "count": 0, "items": [], "facets": []},
        "assets": {"total": len(items), "count": len(items), "items": items, "facets": [],
                   "nextPage": str(page + 1) if len(rows) > size else None},
    }


def at_random(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """Some of the assets that fit, in no order."""
    chosen = (select_assets(Asset.id).where(*conditions(auth, query)).order_by(fn.RANDOM())
              .limit(query.get("size", PAGE)))
    # Apart: what is sorted should be small.
    ids = [asset_id for asset_id, in chosen.tuples()]
    rows = {row[0]: row for row in select_assets(*ASSET_COLUMNS).where(Asset.id.in_(many(ids))).tuples()}
    return _answers(auth, [rows[asset_id] for asset_id in ids if asset_id in rows], query)


def statistics(auth: Auth, query: Mapping[str, Any]) -> dict:
    """How many fit."""
    return {"total": select_assets(fn.COUNT(Asset.id)).where(*conditions(auth, query)).scalar()}


def large_assets(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """The largest files above `minFileSize` bytes, the largest first, with EXIF."""
    rows = (select_assets(*ASSET_COLUMNS).join(AssetExif)
            .where(AssetExif.file_size_in_byte > query.get("minFileSize", 0), *conditions(auth, query))
            .order_by(AssetExif.file_size_in_byte.desc(), Asset.id).limit(query.get("size", PAGE)).tuples())
    return assets_response(auth, rows, exif=True)


def by_content(auth: Auth, query: Mapping[str, Any]) -> dict:
    """Searching by what is in the pictures takes machine learning, which there is none of."""
    if query.get("visibility") == AssetVisibility.LOCKED:
        require_elevated(auth)
    raise BadRequest("Smart search is not enabled")


def _answers(auth: Auth, rows: list[tuple], query: Mapping[str, Any]) -> list[dict]:
    return assets_response(auth, rows, exif=bool(query.get("withExif")),
                           fields=("people",) if query.get("withPeople") else ())
