"""Let one asset take the place of another: what belongs to the first then belongs to the second as well."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.events import AssetCopied, AssetsUpdated
from immich_flask.core.assets import quota
from immich_flask.core.assets.keys import original_key, sidecar_key
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.assets.visible import require
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic
from immich_flask.infra.storage.outside import is_outside


def copy_asset(auth: Auth, source_id: str, target_id: str, *, albums: bool, shared_links: bool, stack: bool,
               favorite: bool, sidecar: bool) -> None:
    """Copy what is asked for. Albums, links and stacks are the plugins' to copy, by the event `AssetCopied`.

    Raises NoAccess(asset.copy) unless both are the caller's, and BadRequest when they are the same.
    """
    require(auth, [source_id, target_id], "asset.copy")
    if source_id == target_id:
        raise BadRequest("Source and target id must be distinct")
    copied = _copy_sidecar(source_id, target_id) if sidecar else None
    changed = set()
    with atomic():
        quota.lock([auth.user_id])
        # Again: it may have taken a while, and the assets may be gone.
        require(auth, [source_id, target_id], "asset.copy")
        if favorite:
            is_favorite, = Asset.select(Asset.is_favorite).where(Asset.id == source_id).tuples().get()
            Asset.update(is_favorite=is_favorite).where(Asset.id == target_id).execute()
            changed.add("is_favorite")
        if copied:
            _record_sidecar(target_id, *copied)
            changed.add("sidecar")
        emit(AssetCopied(source_id, target_id, auth.user_id, albums, shared_links, stack))
        if changed:
            emit(AssetsUpdated((target_id,), auth.user_id, frozenset(changed)))


def _copy_sidecar(source_id: str, target_id: str) -> tuple[str, int] | None:
    """Key and size of the copy; None when the source has no sidecar."""
    found = _sidecar(source_id)
    if found is None:
        return None
    key, size = found
    owner_id, original, name = (Asset.select(Asset.owner, Asset.storage_key, Asset.original_file_name)
                                .where(Asset.id == target_id).tuples().get())
    if is_outside(original):
        # Beside the file itself nothing is ours to write.
        original = original_key(owner_id, target_id, name)
    runtime.storage.copy(key, sidecar_key(original))
    return sidecar_key(original), size


def _record_sidecar(asset_id: str, key: str, size: int) -> None:
    old = _sidecar(asset_id)
    (AssetFile.insert(asset=asset_id, type=AssetFileType.SIDECAR, is_edited=False, storage_key=key, size_in_byte=size)
     .on_conflict(conflict_target=[AssetFile.asset, AssetFile.type, AssetFile.is_edited],
                  preserve=[AssetFile.storage_key, AssetFile.size_in_byte]).execute())
    if old is not None and old[0] != key:
        remove_objects([old[0]])


def _sidecar(asset_id: str) -> tuple[str, int] | None:
    return (AssetFile.select(AssetFile.storage_key, AssetFile.size_in_byte)
            .where(AssetFile.asset == asset_id, AssetFile.type == AssetFileType.SIDECAR).tuples().first())
