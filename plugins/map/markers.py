"""Pictures on the map (server/src/services/map.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import JOIN, Join

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.core.assets.filters import EVERY_PARTNER, own_filters, plugin_conditions
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.sql import raw_rows


def markers(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """`[{id, lat, lon, city, state, country}]` of what has a position, newest first.

    Of partners also those who are not mixed into the timeline; the archive is the caller's own.
    """
    parameters = {"withPartners": EVERY_PARTNER if query.get("withPartners") else None,
                  "withSharedAlbums": query.get("withSharedAlbums"), **own_filters(query)}
    shown = Asset.visibility == AssetVisibility.TIMELINE
    if query.get("isArchived"):
        shown |= (Asset.visibility == AssetVisibility.ARCHIVE) & (Asset.owner == auth.user_id)
    conditions = [*plugin_conditions(auth, parameters, permission="map.read"), shown, Asset.deleted_at.is_null(),
                  AssetExif.latitude.is_null(False), AssetExif.longitude.is_null(False)]
    if "isFavorite" in query:
        conditions.append(Asset.is_favorite == query["isFavorite"])
    if "fileCreatedAfter" in query:
        conditions.append(Asset.file_created_at >= query["fileCreatedAfter"])
    if "fileCreatedBefore" in query:
        conditions.append(Asset.file_created_at <= query["fileCreatedBefore"])
    # In this order, because there is an index of what has a position, which holds all that is shown.
    query = (select_assets(Asset.id, AssetExif.latitude, AssetExif.longitude, AssetExif.city, AssetExif.state,
                           AssetExif.country)
             .from_(Join(AssetExif, Asset, JOIN.CROSS)).where(AssetExif.asset == Asset.id, *conditions)
             .order_by(Asset.file_created_at.desc(), Asset.id))
    return [{"id": asset_id, "lat": latitude, "lon": longitude, "city": city, "state": state, "country": country}
            for asset_id, latitude, longitude, city, state, country in raw_rows(query)]
