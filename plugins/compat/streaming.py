"""Streaming films in several qualities (HLS): it is switched off, films are played from one file."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import QueryInteger, QueryNumber, StrictStr
from plugins.compat.answers import never

GUARD = {"permission": Permission.ASSET_VIEW, "shared_link": True}
PLAYLIST = {"answer": {"type": "string"}, "content_type": "application/vnd.apple.mpegurl"}
VARIANT = {"variantIndex": QueryInteger(min=0)}

bp = Blueprint("compat_streaming", __name__, url_prefix="/assets", tag="Assets")


@bp.operation("GET", "/{id}/video/stream/main.m3u8", "getMainPlaylist", **GUARD, **PLAYLIST)
def get_main_playlist(auth: Auth, id: str) -> None:
    require(auth, [id], Permission.ASSET_VIEW)
    raise BadRequest("Real-time transcoding is not enabled")


@bp.operation("GET", "/{id}/video/stream/{sessionId}/{variantIndex}/playlist.m3u8", "getMediaPlaylist", **GUARD,
              **PLAYLIST, path=VARIANT, headers={"x-immich-hls-pos": QueryNumber(min=0)})
def get_media_playlist(auth: Auth, id: str, **_: object) -> None:
    require(auth, [id], Permission.ASSET_VIEW)
    raise NotFound("Asset not found or metadata not yet ready for streaming")


never(bp, "GET", "/{id}/video/stream/{sessionId}/{variantIndex}/{filename}", "getSegment", NotFound, **GUARD,
      path={**VARIANT, "filename": StrictStr(pattern=r"^(init\.mp4|seg_\d+\.m4s)$")},
      content_type="application/octet-stream", headers={"x-immich-hls-msn": QueryInteger(min=0)})


@bp.operation("DELETE", "/{id}/video/stream/{sessionId}", "endSession", **GUARD, status=204)
def end_session(auth: Auth, id: str, **_: object) -> None:
    """No session is left that could be ended."""
    require(auth, [id], Permission.ASSET_VIEW)
