"""Routes of `/api/admin/users`."""

from __future__ import annotations

from immich_flask.api.admin_users.schemas import UserAdminCreate, UserAdminDelete, UserAdminSearch, UserAdminUpdate
from immich_flask.api.assets.schemas import AssetStats, AssetStatsResponse
from immich_flask.api.sessions.schemas import SessionResponse
from immich_flask.api.users.preferences import UserPreferencesResponse, UserPreferencesUpdate
from immich_flask.api.users.schemas import CalendarHeatmap, CalendarHeatmapResponse
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import Forbidden
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.statistics import calendar_heatmap, statistics
from immich_flask.core.auth.sessions import sessions_of
from immich_flask.core.users import administration, preferences, removal, user_admin_response
from immich_flask.core.users.accounts import find_user
from immich_flask.core.users.schemas import UserAdminResponse
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import UUIDv4

bp = Blueprint("admin_users", __name__, url_prefix="/admin/users", tag="Users (admin)")

USER_ID = {"id": UUIDv4(required=True, any_case=True)}


@bp.operation("GET", "", "searchUsersAdmin", permission=Permission.ADMIN_USER_READ, admin=True,
              query=UserAdminSearch, answer=UserAdminResponse(many=True))
def search_users_admin(query: dict) -> list[dict]:
    return administration.users(query.get("id"), with_deleted=query.get("withDeleted", False))


@bp.operation("POST", "", "createUserAdmin", permission=Permission.ADMIN_USER_CREATE, admin=True,
              body=UserAdminCreate, answer=UserAdminResponse, status=201)
def create_user_admin(body: dict) -> dict:
    # This server sends no mail, so there is nobody to notify.
    body.pop("notify", None)
    return administration.create(**body)


@bp.operation("GET", "/{id}", "getUserAdmin", permission=Permission.ADMIN_USER_READ, admin=True, path=USER_ID,
              answer=UserAdminResponse)
def get_user_admin(id: str) -> dict:
    return user_admin_response(find_user(id, with_deleted=True))


@bp.operation("PUT", "/{id}", "updateUserAdmin", permission=Permission.ADMIN_USER_UPDATE, admin=True, path=USER_ID,
              body=UserAdminUpdate, answer=UserAdminResponse, twin="PATCH")
def update_user_admin(auth: Auth, id: str, body: dict) -> dict:
    return administration.update(auth, id, **body)


@bp.operation("DELETE", "/{id}", "deleteUserAdmin", permission=Permission.ADMIN_USER_DELETE, admin=True, path=USER_ID,
              body=UserAdminDelete, answer=UserAdminResponse)
def delete_user_admin(auth: Auth, id: str, body: dict) -> dict:
    return user_admin_response(removal.trash_user(auth, id, force=body.get("force", False)))


@bp.operation("POST", "/{id}/restore", "restoreUserAdmin", permission=Permission.ADMIN_USER_DELETE, admin=True,
              path=USER_ID, answer=UserAdminResponse)
def restore_user_admin(id: str) -> dict:
    return user_admin_response(removal.restore_user(id))


@bp.operation("GET", "/{id}/preferences", "getUserPreferencesAdmin", permission=Permission.ADMIN_USER_READ, admin=True,
              path=USER_ID, answer=UserPreferencesResponse)
def get_user_preferences_admin(id: str) -> dict:
    return preferences.preferences(find_user(id, with_deleted=True).id)


@bp.operation("PUT", "/{id}/preferences", "updateUserPreferencesAdmin", permission=Permission.ADMIN_USER_UPDATE,
              admin=True, path=USER_ID, body=UserPreferencesUpdate, answer=UserPreferencesResponse, twin="PATCH")
def update_user_preferences_admin(id: str, body: dict) -> dict:
    return preferences.update_preferences(find_user(id).id, body)


@bp.operation("GET", "/{id}/statistics", "getUserStatisticsAdmin", permission=Permission.ADMIN_USER_READ, admin=True,
              path=USER_ID, query=AssetStats, answer=AssetStatsResponse)
def get_user_statistics_admin(auth: Auth, id: str, query: dict) -> dict:
    return statistics(auth, id, **query)


@bp.operation("GET", "/{id}/sessions", "getUserSessionsAdmin", permission=Permission.ADMIN_SESSION_READ, admin=True,
              path=USER_ID, answer=SessionResponse(many=True))
def get_user_sessions_admin(id: str) -> list[dict]:
    return sessions_of(id, current=None)


@bp.operation("GET", "/{id}/calendar-heatmap", "getUserCalendarHeatmapAdmin", permission=Permission.USER_READ,
              path=USER_ID, query=CalendarHeatmap, answer=CalendarHeatmapResponse)
def get_user_calendar_heatmap_admin(auth: Auth, id: str, query: dict) -> dict:
    # Not marked as an administrator's in the wire, and upstream answers anybody about everybody.
    if not auth.user.is_admin and id != auth.user_id:
        raise Forbidden()
    return calendar_heatmap(auth, find_user(id).id, query["type"], query.get("from_"), query.get("to"))
