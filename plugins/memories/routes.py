"""Routes of `/api/memories`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.bulk import BulkIdResponse, BulkIds
from immich_flask.infra.http.blueprint import Blueprint
from plugins.memories import contents, service
from plugins.memories.schemas import (
    MemoryCreate,
    MemoryResponse,
    MemorySearch,
    MemoryStatisticsResponse,
    MemoryUpdate,
)

bp = Blueprint("memories", __name__, url_prefix="/memories", tag="Memories")


@bp.operation("GET", "", "searchMemories", permission=Permission.MEMORY_READ, query=MemorySearch,
              answer=MemoryResponse(many=True))
def search_memories(auth: Auth, query: dict) -> list[dict]:
    return service.search(auth, query)


@bp.operation("POST", "", "createMemory", permission=Permission.MEMORY_CREATE, body=MemoryCreate,
              answer=MemoryResponse, status=201)
def create_memory(auth: Auth, body: dict) -> dict:
    asset_ids = body.pop("asset_ids", [])
    return service.create(auth, body, asset_ids)


@bp.operation("GET", "/statistics", "memoriesStatistics", permission=Permission.MEMORY_STATISTICS, query=MemorySearch,
              answer=MemoryStatisticsResponse)
def memories_statistics(auth: Auth, query: dict) -> dict:
    return {"total": service.count(auth, query)}


@bp.operation("GET", "/{id}", "getMemory", permission=Permission.MEMORY_READ, answer=MemoryResponse)
def get_memory(auth: Auth, id: str) -> dict:
    return service.memory(auth, id)


@bp.operation("PUT", "/{id}", "updateMemory", permission=Permission.MEMORY_UPDATE, body=MemoryUpdate,
              answer=MemoryResponse, twin="PATCH")
def update_memory(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deleteMemory", permission=Permission.MEMORY_DELETE, status=204)
def delete_memory(auth: Auth, id: str) -> None:
    service.delete(auth, id)


@bp.operation("PUT", "/{id}/assets", "addMemoryAssets", permission=Permission.MEMORY_ASSET_CREATE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def add_memory_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.add(auth, id, body["ids"])


@bp.operation("DELETE", "/{id}/assets", "removeMemoryAssets", permission=Permission.MEMORY_ASSET_DELETE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def remove_memory_assets(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.remove(auth, id, body["ids"])
