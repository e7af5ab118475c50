"""Routes of `/api/api-keys`."""

from __future__ import annotations

from immich_flask.api.api_keys.schemas import ApiKeyCreate, ApiKeyCreateResponse, ApiKeyResponse, ApiKeyUpdate
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.auth import api_keys
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("api_keys", __name__, url_prefix="/api-keys", tag="API keys")


@bp.operation("POST", "", "createApiKey", permission=Permission.API_KEY_CREATE, body=ApiKeyCreate,
              answer=ApiKeyCreateResponse, status=201)
def create_api_key(auth: Auth, body: dict) -> dict:
    return api_keys.create_key(auth, **body)


@bp.operation("GET", "", "getApiKeys", permission=Permission.API_KEY_READ, answer=ApiKeyResponse(many=True))
def get_api_keys(auth: Auth) -> list[dict]:
    return api_keys.keys_of(auth)


@bp.operation("GET", "/me", "getMyApiKey", permission=None, answer=ApiKeyResponse)
def get_my_api_key(auth: Auth) -> dict:
    return api_keys.current_key(auth)


@bp.operation("GET", "/{id}", "getApiKey", permission=Permission.API_KEY_READ, answer=ApiKeyResponse)
def get_api_key(auth: Auth, id: str) -> dict:
    return api_keys.find_key(auth, id)


@bp.operation("PUT", "/{id}", "updateApiKey", permission=Permission.API_KEY_UPDATE, body=ApiKeyUpdate,
              answer=ApiKeyResponse, twin="PATCH")
def update_api_key(auth: Auth, id: str, body: dict) -> dict:
    return api_keys.update_key(auth, id, **body)


@bp.operation("DELETE", "/{id}", "deleteApiKey", permission=Permission.API_KEY_DELETE, status=204)
def delete_api_key(auth: Auth, id: str) -> None:
    api_keys.delete_key(auth, id)
