"""Key-value metadata of clients."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.api.assets.blueprint import bp
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import metadata
from immich_flask.infra.http.schemas import DateTime, List, Nested, Record, Schema, StrictStr, UUIDv4

KEY = {"key": StrictStr(required=True)}


class AssetMetadataUpsertItem(Schema):
    key = StrictStr(required=True)
    value = Record(required=True)


class AssetMetadataUpsert(Schema):
    items = List(Nested(AssetMetadataUpsertItem), required=True)


class AssetMetadataBulkUpsertItem(AssetMetadataUpsertItem):
    assetId = UUIDv4(required=True)


class AssetMetadataBulkUpsert(Schema):
    items = List(Nested(AssetMetadataBulkUpsertItem), required=True)


class AssetMetadataBulkDeleteItem(Schema):
    assetId = UUIDv4(required=True)
    key = StrictStr(required=True)


class AssetMetadataBulkDelete(Schema):
    items = List(Nested(AssetMetadataBulkDeleteItem), required=True)


class AssetMetadataResponse(Schema):
    key = fields.String(required=True)
    value = fields.Dict(required=True)
    updatedAt = DateTime(required=True)


class AssetMetadataBulkResponse(AssetMetadataResponse):
    assetId = UUIDv4(required=True)


@bp.operation("GET", "/{id}/metadata", "getAssetMetadata", permission=Permission.ASSET_READ,
              answer=AssetMetadataResponse(many=True))
def list_metadata(auth: Auth, id: str) -> list[dict]:
    return metadata.list_metadata(auth, id)


@bp.operation("PUT", "/{id}/metadata", "updateAssetMetadata", permission=Permission.ASSET_UPDATE,
              body=AssetMetadataUpsert, answer=AssetMetadataResponse(many=True))
def set_metadata(auth: Auth, id: str, body: dict) -> list[dict]:
    return metadata.set_metadata(auth, id, body["items"])


@bp.operation("GET", "/{id}/metadata/{key}", "getAssetMetadataByKey", permission=Permission.ASSET_READ, path=KEY,
              answer=AssetMetadataResponse)
def get_metadata(auth: Auth, id: str, key: str) -> dict:
    return metadata.get_metadata(auth, id, key)


@bp.operation("DELETE", "/{id}/metadata/{key}", "deleteAssetMetadata", permission=Permission.ASSET_UPDATE, path=KEY,
              status=204)
def delete_metadata(auth: Auth, id: str, key: str) -> None:
    metadata.delete_metadata(auth, id, key)


@bp.operation("PUT", "/metadata", "updateBulkAssetMetadata", permission=Permission.ASSET_UPDATE,
              body=AssetMetadataBulkUpsert, answer=AssetMetadataBulkResponse(many=True))
def set_metadata_of_many(auth: Auth, body: dict) -> list[dict]:
    return metadata.set_metadata_of_many(auth, body["items"])


@bp.operation("DELETE", "/metadata", "deleteBulkAssetMetadata", permission=Permission.ASSET_UPDATE,
              body=AssetMetadataBulkDelete, status=204)
def delete_metadata_of_many(auth: Auth, body: dict) -> None:
    metadata.delete_metadata_of_many(auth, body["items"])
