"""Routes of `/api/download`."""

from __future__ import annotations

from flask import Response

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.blueprint import Blueprint
from plugins.download import archive, parts
from plugins.download.schemas import DownloadArchive, DownloadInfo, DownloadResponse

bp = Blueprint("download", __name__, url_prefix="/download", tag="Download")

BINARY = "application/octet-stream"


@bp.operation("POST", "/info", "getDownloadInfo", permission=Permission.ASSET_DOWNLOAD, shared_link=True,
              body=DownloadInfo, answer=DownloadResponse, status=201)
def get_download_info(auth: Auth, body: dict) -> dict:
    return parts.info(auth, **body)


@bp.operation("POST", "/archive", "downloadArchive", permission=Permission.ASSET_DOWNLOAD, shared_link=True,
              body=DownloadArchive, content_type=BINARY)
def download_archive(auth: Auth, body: dict) -> Response:
    entries = archive.entries(auth, body["assetIds"], edited=body["edited"])
    return Response(archive.stream(runtime.storage, entries), content_type=BINARY)
