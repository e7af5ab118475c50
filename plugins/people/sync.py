"""What a phone keeps of people, and of where they are on its user's pictures (docs/sync.md)."""

from __future__ import annotations

from immich_flask.contracts.plugin import SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType as Line
from immich_flask.contracts.sync import SyncRequestType as Request
from immich_flask.core.sync import deleted_rows, kept_id, owned_asset
from plugins.people.models import AssetFace, Person

PERSON = {
    "id": Person.id,
    "createdAt": Person.created_at,
    "updatedAt": Person.updated_at,
    "ownerId": Person.owner,
    "name": Person.name,
    # Here the wire has a whole instant.
    "birthDate": Person.birth_date.cast("TEXT").concat("T00:00:00.000Z"),
    "isHidden": Person.is_hidden,
    "isFavorite": Person.is_favorite,
    "color": Person.color,
    "faceAssetId": Person.feature_face_id,
}
"""`SyncPersonV1`."""

FACE = {
    "id": AssetFace.id,
    "assetId": AssetFace.asset,
    "personId": AssetFace.person,
    "imageWidth": AssetFace.image_width,
    "imageHeight": AssetFace.image_height,
    "boundingBoxX1": AssetFace.x1,
    "boundingBoxY1": AssetFace.y1,
    "boundingBoxX2": AssetFace.x2,
    "boundingBoxY2": AssetFace.y2,
    "sourceType": AssetFace.source_type,
    "isVisible": AssetFace.is_visible,
    "deletedAt": AssetFace.deleted_at,
}
"""`SyncAssetFaceV2`."""


def sync_types() -> list[SyncType]:
    return [
        SyncType(
            Request.PEOPLE_V1,
            deletes=(deleted_rows(Line.PERSON_DELETE_V1, "person", {"personId": "id"}),),
            upserts=SyncRows(Line.PERSON_V1, Person.update_id,
                             lambda user_id: Person.select().where(Person.owner == user_id), PERSON)),
        SyncType(
            Request.ASSET_FACES_V2,
            deletes=(deleted_rows(Line.ASSET_FACE_DELETE_V1, "asset_face", {"assetFaceId": "id"},
                                  whose=lambda user_id: owned_asset(kept_id("asset_id"), user_id)),),
            upserts=SyncRows(Line.ASSET_FACE_V2, AssetFace.update_id,
                             lambda user_id: AssetFace.select().where(owned_asset(AssetFace.asset, user_id)), FACE)),
    ]
