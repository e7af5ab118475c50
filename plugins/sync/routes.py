"""Routes of `/api/sync`. Only for sessions: what was acknowledged belongs to one."""

from __future__ import annotations

from flask import Response, request

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import Forbidden
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from plugins.sync import acks, chunks, service
from plugins.sync.schemas import JSON_LINES, SyncAckDelete, SyncAckResponse, SyncAckSet, SyncStream

bp = Blueprint("sync", __name__, url_prefix="/sync", tag="Sync")


@bp.operation("POST", "/stream", "getSyncStream", permission=Permission.SYNC_STREAM, body=SyncStream)
def get_sync_stream(auth: Auth, body: dict) -> Response:
    lines = service.stream(_session(auth), auth.user_id, set(body["types"]), reset=body.get("reset", False))
    # A proxy that collects the answer first would keep the client waiting.
    headers = {"Vary": "Accept-Encoding", "X-Accel-Buffering": "no"}
    parts = chunks.joined(lines)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        parts = chunks.gzipped(parts)
    return Response(parts, headers=headers, content_type=JSON_LINES)


@bp.operation("GET", "/ack", "getSyncAck", permission=Permission.SYNC_CHECKPOINT_READ,
              answer=SyncAckResponse(many=True))
def get_sync_ack(auth: Auth) -> list[dict]:
    return acks.listed(_session(auth))


@bp.operation("POST", "/ack", "sendSyncAck", permission=Permission.SYNC_CHECKPOINT_UPDATE, body=SyncAckSet, status=204)
def send_sync_ack(auth: Auth, body: dict) -> None:
    acks.store(_session(auth), body["acks"])


@bp.operation("DELETE", "/ack", "deleteSyncAck", permission=Permission.SYNC_CHECKPOINT_DELETE, body=SyncAckDelete,
              status=204)
def delete_sync_ack(auth: Auth, body: dict) -> None:
    acks.forget(_session(auth), body.get("types"))


def _session(auth: Auth) -> str:
    if auth.session is None:
        raise Forbidden("Sync endpoints cannot be used with API keys")
    return auth.session.id
