"""Routes of `/api/search`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import AssetResponse, PersonResponse
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.answers import Body
from immich_flask.infra.http.blueprint import Blueprint
from plugins.search import discover, service
from plugins.search.schemas import (
    LargeAssetSearch, MetadataSearch, PlacesResponse, RandomSearch, SearchExploreResponse, SearchPeople, SearchPlaces,
    SearchResponse, SearchStatisticsResponse, SearchSuggestionRequest, SmartSearch, StatisticsSearch,
)

bp = Blueprint("search", __name__, url_prefix="/search", tag="Search")


@bp.operation("POST", "/metadata", "searchAssets", permission=Permission.ASSET_READ, shared_link=True,
              body=MetadataSearch, answer=SearchResponse)
def search_assets(auth: Auth, body: dict) -> Body:
    return service.by_metadata(auth, body)


@bp.operation("POST", "/random", "searchRandom", permission=Permission.ASSET_READ, body=RandomSearch,
              answer=AssetResponse(many=True))
def search_random(auth: Auth, body: dict) -> list[dict]:
    return service.at_random(auth, body)


@bp.operation("POST", "/statistics", "searchAssetStatistics", permission=Permission.ASSET_STATISTICS,
              body=StatisticsSearch, answer=SearchStatisticsResponse)
def search_asset_statistics(auth: Auth, body: dict) -> dict:
    return service.statistics(auth, body)


@bp.operation("POST", "/large-assets", "searchLargeAssets", permission=Permission.ASSET_READ, query=LargeAssetSearch,
              answer=AssetResponse(many=True))
def search_large_assets(auth: Auth, query: dict) -> list[dict]:
    return service.large_assets(auth, query)


@bp.operation("POST", "/smart", "searchSmart", permission=Permission.ASSET_READ, body=SmartSearch,
              answer=SearchResponse)
def search_smart(auth: Auth, body: dict) -> dict:
    return service.by_content(auth, body)


@bp.operation("GET", "/suggestions", "getSearchSuggestions", permission=Permission.ASSET_READ,
              query=SearchSuggestionRequest, answer={"type": "array", "items": {"type": "string"}})
def get_search_suggestions(auth: Auth, query: dict) -> list[str | None]:
    return discover.suggestions(auth, query)


@bp.operation("GET", "/explore", "getExploreData", permission=Permission.ASSET_READ,
              answer=SearchExploreResponse(many=True))
def get_explore_data(auth: Auth) -> list[dict]:
    return discover.explore(auth)


@bp.operation("GET", "/cities", "getAssetsByCity", permission=Permission.ASSET_READ, answer=AssetResponse(many=True))
def get_assets_by_city(auth: Auth) -> list[dict]:
    return discover.cities(auth)


@bp.operation("GET", "/places", "searchPlaces", permission=Permission.ASSET_READ, query=SearchPlaces,
              answer=PlacesResponse(many=True))
def search_places(auth: Auth, query: dict) -> list[dict]:
    return _named("place", query, auth)


@bp.operation("GET", "/person", "searchPerson", permission=Permission.PERSON_READ, query=SearchPeople,
              answer=PersonResponse(many=True))
def search_person(auth: Auth, query: dict) -> list[dict]:
    return _named("person", query, auth)


def _named(kind: str, query: dict, auth: Auth) -> list[dict]:
    """What plugins know by that name; nothing where nobody knows such things."""
    return [answer for some in runtime.plugins.hook.find_named(kind=kind, query=query, auth=auth) for answer in some]
