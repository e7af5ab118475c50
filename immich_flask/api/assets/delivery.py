"""Pictures and films themselves."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, redirect, request

from immich_flask.api.assets.blueprint import bp
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetMediaSize
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import media
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.delivery import send_object
from immich_flask.infra.http.schemas import Enum, QueryBool, Schema

BINARY = "application/octet-stream"


class AssetDownloadOriginal(Schema):
    edited = QueryBool(load_default=False)


class AssetMediaOptions(Schema):
    size = Enum(AssetMediaSize, load_default=AssetMediaSize.THUMBNAIL)
    edited = QueryBool(load_default=False)


@bp.operation("GET", "/{id}/original", "downloadAsset", permission=Permission.ASSET_DOWNLOAD, shared_link=True,
              query=AssetDownloadOriginal, content_type=BINARY)
def download_asset(auth: Auth, id: str, query: dict) -> Response:
    return _send(media.original(auth, id, edited=query["edited"]))


@bp.operation("GET", "/{id}/thumbnail", "viewAsset", permission=Permission.ASSET_VIEW, shared_link=True,
              query=AssetMediaOptions, content_type=BINARY)
def view_asset(auth: Auth, id: str, query: dict) -> Response:
    size = query["size"]
    if size == AssetMediaSize.ORIGINAL:
        return _elsewhere("original")
    found = media.thumbnail(auth, id, size, edited=query["edited"])
    if found == "original":
        return _elsewhere("original")
    if found == "preview":
        return _elsewhere("thumbnail", size="preview")
    return _send(found)


@bp.operation("GET", "/{id}/video/playback", "playAssetVideo", permission=Permission.ASSET_VIEW, shared_link=True,
              content_type=BINARY)
def play_asset_video(auth: Auth, id: str) -> Response:
    return _send(media.playback(auth, id))


def _send(found: media.Media) -> Response:
    return send_object(
        runtime.storage, found.key, mimetype=found.content_type, filename=found.filename, etag=found.etag,
        size=found.size, last_modified=found.modified, presigned=True)


def _elsewhere(place: str, **changes: str) -> Response:
    """A redirect to a neighbour, with the rest of the query: `key` and `slug` are the caller's only credential."""
    rest = [(key, value) for key, value in request.args.items(multi=True) if key != "size"]
    query = urlencode([*changes.items(), *rest])
    path = f"{request.script_root}{request.path.rpartition('/')[0]}/{place}"
    return redirect(f"{path}?{query}" if query else path)
