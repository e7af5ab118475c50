"""Routes of `/api/shared-links`."""

from __future__ import annotations

from flask import Response, request

from immich_flask.contracts.auth import Auth, AuthSharedLink
from immich_flask.contracts.errors import Forbidden
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.answers import json_response
from immich_flask.infra.http.blueprint import Blueprint
from plugins.shared_links import contents, passwords, service
from plugins.shared_links.schemas import (
    AssetIds, AssetIdsResponse, SharedLinkCreate, SharedLinkEdit, SharedLinkLogin, SharedLinkResponse, SharedLinkSearch,
)

bp = Blueprint("shared_links", __name__, url_prefix="/shared-links", tag="Shared links")


@bp.operation("GET", "", "getAllSharedLinks", permission=Permission.SHARED_LINK_READ, query=SharedLinkSearch,
              answer=SharedLinkResponse(many=True))
def get_all_shared_links(auth: Auth, query: dict) -> list[dict]:
    return service.links(auth, **query)


@bp.operation("POST", "", "createSharedLink", permission=Permission.SHARED_LINK_CREATE, body=SharedLinkCreate,
              answer=SharedLinkResponse, status=201)
def create_shared_link(auth: Auth, body: dict) -> dict:
    return service.create(auth, body)


@bp.operation("POST", "/login", "sharedLinkLogin", shared_link=True, body=SharedLinkLogin, answer=SharedLinkResponse,
              status=201)
def shared_link_login(auth: Auth, body: dict) -> Response:
    link = _link(auth)
    passwords.check_password(link, body["password"])
    response = json_response(service.shown_by(auth), 201)
    passwords.remember(response, link, request)
    return response


@bp.operation("GET", "/me", "getMySharedLink", shared_link=True, answer=SharedLinkResponse)
def get_my_shared_link(auth: Auth) -> dict:
    passwords.require_password(_link(auth), request)
    return service.shown_by(auth)


@bp.operation("GET", "/{id}", "getSharedLinkById", permission=Permission.SHARED_LINK_READ, answer=SharedLinkResponse)
def get_shared_link_by_id(auth: Auth, id: str) -> dict:
    return service.link(auth, id)


@bp.operation("PATCH", "/{id}", "updateSharedLink", permission=Permission.SHARED_LINK_UPDATE, body=SharedLinkEdit,
              answer=SharedLinkResponse)
def update_shared_link(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "removeSharedLink", permission=Permission.SHARED_LINK_DELETE, status=204)
def remove_shared_link(auth: Auth, id: str) -> None:
    service.remove(auth, id)


@bp.operation("PUT", "/{id}/assets", "addSharedLinkAssets", permission=Permission.SHARED_LINK_UPDATE, body=AssetIds,
              answer=AssetIdsResponse(many=True))
def add_shared_link_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.add(auth, id, body["assetIds"])


@bp.operation("DELETE", "/{id}/assets", "removeSharedLinkAssets", permission=Permission.SHARED_LINK_UPDATE,
              body=AssetIds, answer=AssetIdsResponse(many=True))
def remove_shared_link_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.remove(auth, id, body["assetIds"])


def _link(auth: Auth) -> AuthSharedLink:
    """The link that the caller came by. Raises Forbidden for everybody else."""
    if auth.shared_link is None:
        raise Forbidden()
    return auth.shared_link
