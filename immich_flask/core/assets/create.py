"""The row of a new asset, once its bytes are safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetType, AssetVisibility
from immich_flask.contracts.events import AssetCreated
from immich_flask.core.assets import live_photos, quota
from immich_flask.core.assets.metadata import insert_metadata
from immich_flask.core.assets.paths import new_path
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif, AssetFile
from immich_flask.infra.db import atomic
from immich_flask.infra.sql import Lookup, insert_row


class DuplicateAsset(Exception):
    """The owner has an asset with this checksum; `asset_id` is that one, in the trash or not."""

    def __init__(self, asset_id: str) -> None:
        super().__init__(asset_id)
        self.asset_id = asset_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """`checksum` is the SHA-1 in base64, `size` and `sidecar_size` bytes, `duration` milliseconds, dates are aware.
    `metadata`: `[{key, value}]`, no key twice.

    library_id: the file belongs to an external library, where it stays: `storage_key` is its path, which is also what
    clients see. No quota counts it, and its `checksum` is that of its path; whoever brings it knows that it is not there
    yet.
    """

    id: str
    owner_id: str
    type: AssetType
    original_file_name: str
    storage_key: str
    checksum: str
    size: int
    file_created_at: datetime
    file_modified_at: datetime
    visibility: AssetVisibility = AssetVisibility.TIMELINE
    is_favorite: bool = False
    duration: int | None = None
    live_photo_video_id: str | None = None
    metadata: Sequence[dict] = ()
    sidecar_key: str | None = None
    sidecar_size: int = 0
    library_id: str | None = None


def create_asset(new: NewAsset, *, auth: Auth | None = None, limited: bool = True) -> None:
    """Insert the asset, charge its owner, and emit AssetCreated, in one transaction.

    auth: who brings it, None for the server itself. limited: whether the quota must have room.
    Raises BadRequest (quota, live photo) and DuplicateAsset; then nothing was written.
    """
    with atomic():
        if new.library_id is not None:
            quota.lock([new.owner_id])
        else:
            # First, because it locks the owner: of two uploads of the same file the second waits, and finds the first.
            quota.charge(new.owner_id, new.size, limited=limited)
            if (known := find_by_checksum(new.owner_id, new.checksum)) is not None:
                raise DuplicateAsset(known)
        if new.live_photo_video_id is not None and auth is not None:
            live_photos.link(auth, new.live_photo_video_id)
        _insert(new)
        emit(AssetCreated(new.id, new.owner_id, auth.shared_link.id if auth and auth.shared_link else None))


def find_by_checksum(owner_id: str, checksum: str) -> str | None:
    """The owner's asset with this SHA-1 (base64), in the trash or not; files of external libraries don't count."""
    found = _WITH_CHECKSUM.first(owner_id, checksum)
    return found[0] if found else None


_WITH_CHECKSUM = Lookup(lambda owner_id, checksum: Asset.select(Asset.id).where(
    Asset.owner == owner_id, Asset.checksum == checksum, Asset.library_id.is_null()))


def _insert(new: NewAsset) -> None:
    if new.library_id is not None:
        path = new.storage_key
    else:
        # By the clock of UTC until the file was asked for its zone.
        path = new_path(new.owner_id, new.id, new.original_file_name, new.file_created_at)
    insert_row(Asset, {
        "id": new.id, "owner": new.owner_id, "type": new.type, "visibility": new.visibility, "checksum": new.checksum,
        "original_file_name": new.original_file_name, "storage_key": new.storage_key,
        "original_path": path, "library_id": new.library_id,
        "file_created_at": new.file_created_at, "file_modified_at": new.file_modified_at,
        "local_date_time": new.file_created_at, "is_favorite": new.is_favorite, "duration": new.duration,
        "live_photo_video": new.live_photo_video_id,
    })
    insert_row(AssetExif, {"asset": new.id, "file_size_in_byte": new.size})
    insert_metadata((new.id, item["key"], item["value"]) for item in new.metadata)
    if new.sidecar_key is not None:
        AssetFile.insert(asset=new.id, type=AssetFileType.SIDECAR, storage_key=new.sidecar_key,
                         size_in_byte=new.sidecar_size).execute()
