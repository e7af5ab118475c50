"""Routes of `/api/stacks`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.bulk import BulkIds
from immich_flask.infra.http.blueprint import Blueprint
from plugins.stacks import service
from plugins.stacks.schemas import StackCreate, StackResponse, StackSearch, StackUpdate

bp = Blueprint("stacks", __name__, url_prefix="/stacks", tag="Stacks")


@bp.operation("GET", "", "searchStacks", permission=Permission.STACK_READ, query=StackSearch,
              answer=StackResponse(many=True))
def search_stacks(auth: Auth, query: dict) -> list[dict]:
    return service.search(auth, query.get("primaryAssetId"))


@bp.operation("POST", "", "createStack", permission=Permission.STACK_CREATE, body=StackCreate, answer=StackResponse,
              status=201)
def create_stack(auth: Auth, body: dict) -> dict:
    return service.create(auth, body["assetIds"])


@bp.operation("DELETE", "", "deleteStacks", permission=Permission.STACK_DELETE, body=BulkIds, status=204)
def delete_stacks(auth: Auth, body: dict) -> None:
    service.delete(auth, body["ids"])


@bp.operation("GET", "/{id}", "getStack", permission=Permission.STACK_READ, answer=StackResponse)
def get_stack(auth: Auth, id: str) -> dict:
    return service.stack(auth, id)


@bp.operation("PUT", "/{id}", "updateStack", permission=Permission.STACK_UPDATE, body=StackUpdate,
              answer=StackResponse, twin="PATCH")
def update_stack(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body.get("primaryAssetId"))


@bp.operation("DELETE", "/{id}", "deleteStack", permission=Permission.STACK_DELETE, status=204)
def delete_stack(auth: Auth, id: str) -> None:
    service.delete(auth, [id])


@bp.operation("DELETE", "/{id}/assets/{assetId}", "removeAssetFromStack", permission=Permission.STACK_UPDATE,
              status=204)
def remove_asset_from_stack(auth: Auth, id: str, assetId: str) -> None:
    service.remove_member(auth, id, assetId)
