"""Routes of `/api/activities`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from plugins.activities import service
from plugins.activities.schemas import (
    ActivityCreate, ActivityResponse, ActivitySearch, ActivityStatistics, ActivityStatisticsResponse,
)

bp = Blueprint("activities", __name__, url_prefix="/activities", tag="Activities")


@bp.operation("GET", "", "getActivities", permission=Permission.ACTIVITY_READ, query=ActivitySearch,
              answer=ActivityResponse(many=True))
def get_activities(auth: Auth, query: dict) -> list[dict]:
    return service.activities(auth, query["albumId"], asset_id=query.get("assetId"), level=query.get("level"),
                              type=query.get("type"), user_id=query.get("userId"))


@bp.operation("POST", "", "createActivity", permission=Permission.ACTIVITY_CREATE, body=ActivityCreate,
              answer=ActivityResponse, status=201)
def create_activity(auth: Auth, body: dict) -> tuple[dict, int]:
    answer, is_new = service.create(auth, body["albumId"], body["type"], asset_id=body.get("assetId"),
                                    comment=body.get("comment"))
    return answer, 201 if is_new else 200


@bp.operation("GET", "/statistics", "getActivityStatistics", permission=Permission.ACTIVITY_STATISTICS,
              query=ActivityStatistics, answer=ActivityStatisticsResponse)
def get_activity_statistics(auth: Auth, query: dict) -> dict:
    return service.statistics(auth, query["albumId"], query.get("assetId"))


@bp.operation("DELETE", "/{id}", "deleteActivity", permission=Permission.ACTIVITY_DELETE, status=204)
def delete_activity(auth: Auth, id: str) -> None:
    service.delete(auth, id)
