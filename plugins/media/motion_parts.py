"""The moving parts of stills (server/src/services/metadata.service.ts): a live photo whose two files came apart is
joined again, and the film within a motion photo becomes an asset of its own.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import peewee

from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.contracts.events import AssetHidden
from immich_flask.core.assets import trash
from immich_flask.core.assets.create import DuplicateAsset, NewAsset, create_asset, find_by_checksum
from immich_flask.core.assets.keys import is_cut_out, motion_key
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.models.user import new_id
from immich_flask.core.runtime import runtime
from immich_flask.infra.storage.base import CHUNK
from plugins.media.motion import MotionVideo

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CutOut:
    """A film that was within a picture's file: the asset that the owner has of it, or a new one of stored bytes."""

    known: str | None = None
    new: NewAsset | None = None


def pair(asset: Asset, content_identifier: str | None) -> None:
    """Join `asset` with the owner's other half that has the same content identifier, if there is one and it is free.
    In a transaction that has locked the owner.

    Nothing joins what is in the trash, of which it would share the end; and no film comes out of the locked folder so.
    """
    if content_identifier is None or asset.deleted_at is not None:
        return
    locked = AssetVisibility.LOCKED
    if asset.type == AssetType.IMAGE and asset.live_photo_video_id is None:
        free = (Asset.type == AssetType.VIDEO) & ~_is_taken(Asset.id)
        if asset.visibility != locked:
            free &= Asset.visibility != locked
    elif asset.type == AssetType.VIDEO:
        free = (Asset.type == AssetType.IMAGE) & Asset.live_photo_video.is_null() & ~_is_taken(asset.id)
        if asset.visibility == locked:
            free &= Asset.visibility == locked
    else:
        return
    other = (select_assets(Asset.id).join(AssetExif)
             .where(Asset.owner == asset.owner_id, AssetExif.live_photo_cid == content_identifier,
                    Asset.deleted_at.is_null(), free)
             .order_by(Asset.created_at).scalar())
    if other is not None:
        _join(*((asset.id, other) if asset.type == AssetType.IMAGE else (other, asset.id)), asset.owner_id)


def cut_out(asset: Asset, path: Path, found: MotionVideo, taken_at: datetime | None) -> CutOut | None:
    """Look for the film within a picture's file, at `path`, among the owner's assets; store its bytes when he has no
    such film. None when the picture has a moving part that came in another way. Outside of a transaction.

    A film that was cut out before and has got lost in the storage is put back.
    """
    if _has_another(asset):
        return None
    digest = hashlib.sha1(usedforsecurity=False)
    for chunk in _chunks(path, found):
        digest.update(chunk)
    checksum = base64.b64encode(digest.digest()).decode()
    known = find_by_checksum(asset.owner_id, checksum)
    if known is not None:
        key = select_assets(Asset.storage_key).where(Asset.id == known).scalar()
        if key is not None and is_cut_out(key) and not runtime.storage.exists(key):
            log.warning("the film %s, cut out of %s, was lost: put back", known, asset.id)
            runtime.storage.put(key, _chunks(path, found), content_type="video/mp4")
        return CutOut(known=known)
    film_id = new_id()
    stored = runtime.storage.put(motion_key(asset.owner_id, film_id), _chunks(path, found), content_type="video/mp4")
    return CutOut(new=NewAsset(
        id=film_id, owner_id=asset.owner_id, type=AssetType.VIDEO, visibility=AssetVisibility.HIDDEN,
        original_file_name=f"{os.path.splitext(asset.original_file_name)[0]}.mp4", storage_key=stored.key,
        checksum=checksum, size=stored.size, file_created_at=taken_at or asset.file_created_at,
        file_modified_at=asset.file_modified_at))


def attach(asset: Asset, film: CutOut) -> None:
    """Make a film that was cut out of `asset` its moving part. In a transaction that has locked the owner."""
    if _has_another(asset):
        withdraw(film)
        return
    film_id = film.known or _create(film.new)
    if film_id == asset.live_photo_video_id or not _prepare(asset, film_id):
        return
    before = asset.live_photo_video_id
    _join(asset.id, film_id, asset.owner_id)
    if before is not None and not select_assets(peewee.SQL("1")).where(Asset.live_photo_video == before).exists():
        trash.delete([before])


def withdraw(film: CutOut) -> None:
    """Have the stored bytes of a film removed that nobody needs. In a transaction."""
    if film.new is not None:
        remove_objects([film.new.storage_key])


def _create(new: NewAsset) -> str:
    try:
        # Whoever had room for the picture has the film already; it counts, as with upstream, but is not refused.
        create_asset(new, limited=False)
    except DuplicateAsset as known:
        remove_objects([new.storage_key])
        return known.asset_id
    return new.id


def _prepare(still: Asset, film_id: str) -> bool:
    """Whether an asset of the owner's can be the moving part of `still`: what is in the locked folder stays there. One
    that he has put into the trash is taken out: it is part of a picture that he has now."""
    row = select_assets(Asset.type, Asset.visibility, Asset.deleted_at).where(Asset.id == film_id).tuples().first()
    if row is None or row[0] != AssetType.VIDEO:
        return False
    if row[1] == AssetVisibility.LOCKED != still.visibility:
        return False
    if row[2] is not None:
        trash.restore([film_id], by_id=False)
    return True


def _join(still_id: str, film_id: str, owner_id: str) -> None:
    Asset.update(live_photo_video=film_id).where(Asset.id == still_id).execute()
    hidden = Asset.update(visibility=AssetVisibility.HIDDEN).where(
        Asset.id == film_id, Asset.visibility != AssetVisibility.HIDDEN).execute()
    if hidden:
        emit(AssetHidden(film_id, owner_id))


def _has_another(asset: Asset) -> bool:
    """Whether the still has a moving part that was not cut out of any file: the owner has chosen it himself."""
    if asset.live_photo_video_id is None:
        return False
    key = select_assets(Asset.storage_key).where(Asset.id == asset.live_photo_video_id).scalar()
    return key is not None and not is_cut_out(key)


def _is_taken(film_id: object) -> peewee.Expression:
    """The condition that some still has this film as its moving part."""
    still = Asset.alias()
    return peewee.fn.EXISTS(still.select(peewee.SQL("1")).where(still.live_photo_video == film_id))


def _chunks(path: Path, found: MotionVideo) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(found.offset)
        left = found.length
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
