"""Routes of `/api/tags`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import TagResponse
from immich_flask.core.bulk import BulkIdResponse, BulkIds
from immich_flask.infra.http.blueprint import Blueprint
from plugins.tags import service, tagging
from plugins.tags.schemas import TagBulkAssets, TagBulkAssetsResponse, TagCreate, TagUpdate, TagUpsert

bp = Blueprint("tags", __name__, url_prefix="/tags", tag="Tags")


@bp.operation("GET", "", "getAllTags", permission=Permission.TAG_READ, answer=TagResponse(many=True))
def get_all_tags(auth: Auth) -> list[dict]:
    return service.tags(auth)


@bp.operation("POST", "", "createTag", permission=Permission.TAG_CREATE, body=TagCreate, answer=TagResponse, status=201)
def create_tag(auth: Auth, body: dict) -> dict:
    return service.create(auth, body["name"], parent_id=body.get("parentId"), color=body.get("color"))


@bp.operation("PUT", "", "upsertTags", permission=Permission.TAG_CREATE, body=TagUpsert, answer=TagResponse(many=True))
def upsert_tags(auth: Auth, body: dict) -> list[dict]:
    return service.upsert(auth, body["tags"])


@bp.operation("PUT", "/assets", "bulkTagAssets", permission=Permission.TAG_ASSET, body=TagBulkAssets,
              answer=TagBulkAssetsResponse)
def bulk_tag_assets(auth: Auth, body: dict) -> dict:
    return {"count": tagging.tag_many(auth, body["tagIds"], body["assetIds"])}


@bp.operation("GET", "/{id}", "getTagById", permission=Permission.TAG_READ, answer=TagResponse)
def get_tag_by_id(auth: Auth, id: str) -> dict:
    return service.tag(auth, id)


@bp.operation("PUT", "/{id}", "updateTag", permission=Permission.TAG_UPDATE, body=TagUpdate, answer=TagResponse,
              twin="PATCH")
def update_tag(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deleteTag", permission=Permission.TAG_DELETE, status=204)
def delete_tag(auth: Auth, id: str) -> None:
    service.remove(auth, id)


@bp.operation("PUT", "/{id}/assets", "tagAssets", permission=Permission.TAG_ASSET, body=BulkIds,
              answer=BulkIdResponse(many=True))
def tag_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return tagging.tag_assets(auth, id, body["ids"])


@bp.operation("DELETE", "/{id}/assets", "untagAssets", permission=Permission.TAG_ASSET, body=BulkIds,
              answer=BulkIdResponse(many=True))
def untag_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return tagging.untag_assets(auth, id, body["ids"])
