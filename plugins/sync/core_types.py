"""The sync types of what the core owns: accounts, assets, and what is stored with them."""

from __future__ import annotations

from typing import Any

from peewee import SQL, Case

from immich_flask.contracts.plugin import SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif, AssetMetadata, User, UserMetadata
from immich_flask.core.sync import ASSET, ASSET_EXIF, deleted_rows, kept_id, owned_asset
from immich_flask.infra.json_rows import boolean

USER: dict[str, Any] = {
    "id": User.id,
    "name": User.name,
    "email": User.email,
    "avatarColor": User.avatar_color,
    "deletedAt": User.deleted_at,
    "profileChangedAt": User.profile_changed_at,
    "hasProfileImage": boolean(User.profile_image_key != ""),
}

AUTH_USER: dict[str, Any] = {
    **USER,
    "isAdmin": User.is_admin,
    # Whether there is one is all that a client can use; from a hash of six digits the PIN is found in no time.
    "pinCode": Case(None, ((User.pin_code.is_null(False), SQL("'set'")),)),
    "oauthId": User.oauth_id,
    "storageLabel": User.storage_label,
    "quotaSizeInBytes": User.quota_size_in_bytes,
    "quotaUsageInBytes": User.quota_usage_in_bytes,
}


def core_types() -> list[SyncType]:
    return [
        SyncType(
            Request.AUTH_USERS_V1,
            upserts=SyncRows(Line.AUTH_USER_V1, User.update_id, lambda user_id: User.select().where(User.id == user_id),
                             AUTH_USER)),
        SyncType(
            Request.USERS_V1,
            deletes=(deleted_rows(Line.USER_DELETE_V1, "user", {"userId": "id"}, whose=lambda _user_id: True),),
            upserts=SyncRows(Line.USER_V1, User.update_id, lambda _user_id: User.select(), USER)),
        SyncType(
            Request.ASSETS_V2,
            deletes=(deleted_rows(Line.ASSET_DELETE_V1, "asset", {"assetId": "id"}),),
            upserts=SyncRows(Line.ASSET_V2, Asset.update_id,
                             lambda user_id: select_assets().where(Asset.owner == user_id), ASSET)),
        SyncType(
            Request.ASSET_EXIFS_V1,
            upserts=SyncRows(Line.ASSET_EXIF_V1, AssetExif.update_id,
                             lambda user_id: AssetExif.select().where(owned_asset(AssetExif.asset, user_id)),
                             ASSET_EXIF)),
        SyncType(
            Request.USER_METADATA_V1,
            deletes=(deleted_rows(Line.USER_METADATA_DELETE_V1, "user_metadata", {"userId": "user_id", "key": "key"}),),
            upserts=SyncRows(Line.USER_METADATA_V1, UserMetadata.update_id,
                             lambda user_id: UserMetadata.select().where(UserMetadata.user == user_id),
                             {"userId": UserMetadata.user, "key": UserMetadata.key, "value": UserMetadata.value})),
        SyncType(
            Request.ASSET_METADATA_V1,
            deletes=(deleted_rows(Line.ASSET_METADATA_DELETE_V1, "asset_metadata", {"assetId": "asset_id", "key": "key"},
                                  whose=lambda user_id: owned_asset(kept_id("asset_id"), user_id)),),
            upserts=SyncRows(Line.ASSET_METADATA_V1, AssetMetadata.update_id,
                             lambda user_id: AssetMetadata.select().where(owned_asset(AssetMetadata.asset, user_id)),
                             {"assetId": AssetMetadata.asset, "key": AssetMetadata.key, "value": AssetMetadata.value})),
    ]
