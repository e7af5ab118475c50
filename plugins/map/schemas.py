"""What `/api/map` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.core.assets.filters import Narrowed
from immich_flask.infra.http.schemas import DateTime, QueryBool, QueryNumber, Schema


class MapMarker(Narrowed):
    isArchived = QueryBool()
    isFavorite = QueryBool()
    fileCreatedAfter = DateTime()
    fileCreatedBefore = DateTime()
    withPartners = QueryBool()
    withSharedAlbums = QueryBool()


class MapReverseGeocode(Schema):
    """A position in degrees."""

    lat = QueryNumber(min=-90, max=90, required=True)
    lon = QueryNumber(min=-180, max=180, required=True)


class MapReverseGeocodeResponse(Schema):
    city = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
