"""Upload, and the question beforehand which files are wanted."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from marshmallow import ValidationError, fields
from werkzeug.datastructures import MultiDict

from immich_flask.api.assets.blueprint import bp
from immich_flask.api.assets.metadata import AssetMetadataUpsertItem
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetMediaStatus, AssetRejectReason, AssetUploadAction, AssetVisibility
from immich_flask.contracts.errors import BadRequest, ValidationFailed
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import upload
from immich_flask.infra.http.blueprint import json_body
from immich_flask.infra.http.schemas import (
    Checksum, DateTime, Enum, Issue, List, Nested, QueryBool, QueryInteger, Schema, StrictStr, UUIDv4, checksum_text,
    wire_errors,
)

CHECKSUM_HEADER = "x-immich-checksum"

MAX_NAME = 1024
"""Characters of a file name. Upstream has no limit; no file system has names of even a quarter of this."""

MAX_DURATION = 2**31 - 1
"""Milliseconds: what the wire's answers can say, 24 days."""


class JsonText(List):
    """A list as JSON text in a form field."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list:
        try:
            parsed = orjson.loads(value) if isinstance(value, str) else value
        except orjson.JSONDecodeError as error:
            raise ValidationError(Issue("Invalid input: expected JSON")) from error
        return super()._deserialize(parsed, attr, data, **kwargs)


class UploadForm(Schema):
    """The texts of an upload; the service takes the files from the stream."""

    fileCreatedAt = DateTime(required=True, attribute="file_created_at")
    fileModifiedAt = DateTime(required=True, attribute="file_modified_at")
    duration = QueryInteger(min=0, max=MAX_DURATION)
    filename = StrictStr(max_length=MAX_NAME, attribute="original_file_name")
    isFavorite = QueryBool(attribute="is_favorite")
    visibility = Enum(AssetVisibility)
    livePhotoVideoId = UUIDv4(attribute="live_photo_video_id")
    metadata = JsonText(Nested(AssetMetadataUpsertItem), load_default=list)


class AssetMediaCreate(UploadForm):
    assetData = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    sidecarData = fields.Raw(metadata={"type": "string", "format": "binary"})


class AssetMediaResponse(Schema):
    id = UUIDv4(required=True)
    status = Enum(AssetMediaStatus, required=True)


class AssetBulkUploadCheckItem(Schema):
    id = StrictStr(required=True)
    checksum = Checksum(required=True)


class AssetBulkUploadCheck(Schema):
    assets = List(Nested(AssetBulkUploadCheckItem), required=True)


class AssetBulkUploadCheckResult(Schema):
    id = fields.String(required=True)
    action = Enum(AssetUploadAction, required=True)
    reason = Enum(AssetRejectReason)
    assetId = UUIDv4()
    isTrashed = fields.Boolean()


class AssetBulkUploadCheckResponse(Schema):
    results = fields.List(fields.Nested(AssetBulkUploadCheckResult), required=True)


@bp.operation("POST", "", "uploadAsset", permission=Permission.ASSET_UPLOAD, shared_link=True, upload=AssetMediaCreate,
              answer=AssetMediaResponse, status=201, also=(200,), headers={CHECKSUM_HEADER: StrictStr()})
def upload_asset(auth: Auth) -> tuple[dict, int]:
    upload.require_upload(auth)
    # Before the body is read: to be spared that is why clients announce.
    uploaded = upload.known_upload(auth, checksum_text(request.headers.get(CHECKSUM_HEADER, "")))
    if uploaded is None:
        if request.mimetype != "multipart/form-data":
            _check(json_body())
            raise BadRequest("File is required")
        uploaded = upload.receive(auth, request.stream, request.content_type, _check)
    status = AssetMediaStatus.CREATED if uploaded.created else AssetMediaStatus.DUPLICATE
    return {"id": uploaded.asset_id, "status": status}, 201 if uploaded.created else 200


@bp.operation("POST", "/bulk-upload-check", "checkBulkUpload", permission=Permission.ASSET_UPLOAD,
              body=AssetBulkUploadCheck, answer=AssetBulkUploadCheckResponse)
def check_bulk_upload(auth: Auth, body: dict) -> dict:
    return {"results": upload.check_uploads(auth.user_id, body["assets"])}


_FORM = UploadForm()


def _check(form: MultiDict | Any) -> dict:
    try:
        loaded = _FORM.load(form)
    except ValidationError as error:
        raise ValidationFailed(wire_errors(error.messages)) from error
    if loaded.get("duration") == 0:
        # Clients send it for pictures.
        del loaded["duration"]
    return loaded
