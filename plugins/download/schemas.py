"""What `/api/download` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.schemas import List, Schema, StrictBool, StrictInteger, UUIDv4


class DownloadInfo(Schema):
    assetIds = List(UUIDv4(), attribute="asset_ids")
    albumId = UUIDv4(attribute="album_id")
    userId = UUIDv4(attribute="user_id")
    archiveSize = StrictInteger(min=1, attribute="archive_size")


class DownloadArchiveInfo(Schema):
    size = fields.Integer(required=True)
    assetIds = fields.List(UUIDv4(), required=True)


class DownloadResponse(Schema):
    totalSize = fields.Integer(required=True)
    archives = fields.List(fields.Nested(DownloadArchiveInfo), required=True)


class DownloadArchive(Schema):
    assetIds = List(UUIDv4(), required=True)
    edited = StrictBool(load_default=False)
