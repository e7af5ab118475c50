"""Routes of `/api/map`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import MapMarkerResponse
from immich_flask.infra.http.blueprint import Blueprint
from plugins.map import geocoding, markers
from plugins.map.schemas import MapMarker, MapReverseGeocode, MapReverseGeocodeResponse

bp = Blueprint("map", __name__, url_prefix="/map", tag="Map")


@bp.operation("GET", "/markers", "getMapMarkers", permission=Permission.MAP_READ, query=MapMarker,
              answer=MapMarkerResponse(many=True))
def get_map_markers(auth: Auth, query: dict) -> list[dict]:
    return markers.markers(auth, query)


@bp.operation("GET", "/reverse-geocode", "reverseGeocode", permission=Permission.MAP_SEARCH, query=MapReverseGeocode,
              answer=MapReverseGeocodeResponse(many=True))
def reverse_geocode(query: dict) -> list[dict]:
    return [geocoding.address_of(query["lat"], query["lon"])]
