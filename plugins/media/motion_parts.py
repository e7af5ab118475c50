"""Joining the still and the film of a live photo that came apart (server/src/services/metadata.service.ts)."""

from __future__ import annotations

from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.contracts.events import AssetHidden
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif


def pair(asset: Asset, content_identifier: str | None) -> None:
    """Join `asset` with the owner's other half that has the same content identifier, if there is one and it is free.
    In a transaction that has locked the owner."""
    if content_identifier is None or asset.type not in (AssetType.IMAGE, AssetType.VIDEO):
        return
    if asset.type == AssetType.IMAGE and asset.live_photo_video_id is not None:
        return
    wanted = AssetType.VIDEO if asset.type == AssetType.IMAGE else AssetType.IMAGE
    taken = Asset.alias()
    half = (select_assets(Asset.id).join(AssetExif)
            .where(Asset.owner == asset.owner_id, Asset.type == wanted, Asset.id != asset.id,
                   AssetExif.live_photo_cid == content_identifier, Asset.live_photo_video.is_null())
            .order_by(Asset.created_at))
    if wanted == AssetType.VIDEO:
        half = half.where(Asset.id.not_in(
            taken.select(taken.live_photo_video).where(taken.live_photo_video.is_null(False))))
    other = half.scalar()
    if other is None:
        return
    still, film = (asset.id, other) if wanted == AssetType.VIDEO else (other, asset.id)
    Asset.update(live_photo_video=film).where(Asset.id == still).execute()
    hidden = Asset.update(visibility=AssetVisibility.HIDDEN).where(
        Asset.id == film, Asset.visibility == AssetVisibility.TIMELINE).execute()
    if hidden:
        emit(AssetHidden(film, asset.owner_id))
