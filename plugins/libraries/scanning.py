"""Bringing libraries up to date with their folders: the jobs of the queue `library`.

Whatever is killed midway can begin anew: what is in the library already is not brought in twice.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetFileType, AssetStatus, JobName
from immich_flask.contracts.events import AssetsUpdated
from immich_flask.core.assets import quota, trash
from immich_flask.core.assets.create import NewAsset, create_asset
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.events import emit
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif, AssetFile, User
from immich_flask.core.models.user import new_id
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic, many
from immich_flask.infra.fields import instant, now, wire
from immich_flask.infra.sql import text_list
from immich_flask.infra.storage.outside import is_outside
from plugins.libraries import folders
from plugins.libraries.folders import Found
from plugins.libraries.models import Library
from plugins.libraries.patterns import Exclusions
from plugins.libraries.service import within

log = logging.getLogger(__name__)

PORTION = 100
"""Files that are brought in in one transaction; others get their turn to write in between."""

CHECKED = 500
"""Assets that are compared with their files at once."""

MAX_SIDECAR = 16 * 1024**2
"""Bytes, as of one that is uploaded."""


def cron() -> str | None:
    """When the libraries are scanned, as the administrator set it."""
    return setting("library.scan.cronExpression") if setting("library.scan.enabled") else None


def scan_all(force: bool = False) -> None:
    """Job `LibraryScanQueueAll`: have all libraries scanned, and what was given up removed."""
    del force  # there is but one way to scan
    with atomic():
        for library_id, deleted_at in Library.select(Library.id, wire(Library.deleted_at)).tuples():
            if deleted_at is not None:
                enqueue(JobName.LIBRARY_DELETE, id=library_id, unless_waiting=True)
            else:
                enqueue(JobName.LIBRARY_SYNC_FILES_QUEUE_ALL, id=library_id, unless_waiting=True)
                enqueue(JobName.LIBRARY_SCAN_ASSETS_QUEUE_ALL, id=library_id, unless_waiting=True)


def bring_in(id: str) -> None:
    """Job `LibrarySyncFilesQueueAll`: make assets of the files in the library's folders that are none yet."""
    library = _library(id)
    if library is None:
        return
    exclusions, count = Exclusions(library.exclusion_patterns), 0
    usable = []
    for path in library.import_paths:
        if (why := folders.wrong_with(path)) is None:
            usable.append(path)
        else:
            log.warning("library %s: %s is passed over: %s", id, path, why)
    files = (found for path in usable for found in folders.walk(path, exclusions))
    while some := list(islice(files, PORTION)):
        if _library(id) is None:
            return
        count += _make_assets(library, some)
    if usable:
        Library.update(refreshed_at=now()).where(Library.id == id).execute()
    log.info("library %s: %d new files", id, count)


def check(id: str) -> None:
    """Job `LibraryScanAssetsQueueAll`: take offline what is gone, or left out by now; bring online what is back; have
    read again what has changed."""
    library = _library(id)
    if library is None:
        return
    exclusions = Exclusions(library.exclusion_patterns)
    wanted = [os.path.normpath(path).rstrip("/") + "/" for path in library.import_paths
              if folders.refusal(path) is None]
    for rows in _portions(id):
        gone, back, changed = [], [], {}
        for asset_id, path, is_offline, status, modified in rows:
            is_wanted = path.startswith(tuple(wanted)) and not exclusions.exclude(path)
            found = folders.look_at(path) if is_wanted else None
            if found is None:
                if not is_offline:
                    gone.append(asset_id)
                continue
            if is_offline and status != AssetStatus.DELETED:
                back.append(asset_id)
            if found.modified != instant(modified):
                changed[asset_id] = found
        if gone:
            trash.take_offline(gone)
        if back:
            trash.bring_online(back)
        if changed:
            _read_again(library.owner_id, changed)


def remove(id: str) -> None:
    """Job `LibraryDelete`: remove a library that was given up, after its assets. The files stay."""
    if not Library.select().where(Library.id == id, Library.deleted_at.is_null(False)).exists():
        return
    some = select_assets(Asset.id).where(*within(id)).limit(CHECKED).tuples()
    while ids := [asset_id for asset_id, in some.clone()]:
        trash.delete(ids)
    with atomic():
        Library.delete().where(Library.id == id).execute()


def _library(library_id: str) -> Library | None:
    """A library that is to be kept, of an account that is."""
    return Library.select().join(User).where(
        Library.id == library_id, Library.deleted_at.is_null(), User.deleted_at.is_null()).first()


def _make_assets(library: Library, files: list[Found]) -> int:
    """Make assets of those that are none; returns how many."""
    with atomic():
        quota.lock([library.owner_id])
        if _library(library.id) is None:
            return 0
        known = {path for path, in select_assets(Asset.original_path).where(
            Asset.owner == library.owner_id, Asset.library_id == library.id,
            Asset.original_path.in_(text_list(found.path for found in files))).tuples()}
        new = {found.path: found for found in files if found.path not in known}
        for found in new.values():
            create_asset(_asset(library, found))
        return len(new)


def _asset(library: Library, found: Found) -> NewAsset:
    name, sidecar = os.path.basename(found.path), _sidecar(found.path)
    return NewAsset(
        id=new_id(), owner_id=library.owner_id, library_id=library.id, type=media_types.asset_type(name),
        original_file_name=name, storage_key=found.path, checksum=_checksum(found.path), size=found.size,
        file_created_at=found.modified, file_modified_at=found.modified,
        sidecar_key=sidecar.path if sidecar else None, sidecar_size=sidecar.size if sidecar else 0)


def _checksum(path: str) -> str:
    """Of the path, as on the real server: reading all of a library would take hours."""
    return base64.b64encode(hashlib.sha1(f"path:{path}".encode(), usedforsecurity=False).digest()).decode()


def _sidecar(path: str) -> Found | None:
    """`photo.jpg.xmp`, else `photo.xmp` beside it."""
    for candidate in (f"{path}.xmp", f"{os.path.splitext(path)[0]}.xmp"):
        found = folders.look_at(candidate)
        if found is not None and 0 < found.size <= MAX_SIDECAR:
            return found
    return None


def _read_again(owner_id: str, changed: dict[str, Found]) -> None:
    sidecars = {asset_id: _sidecar(found.path) for asset_id, found in changed.items()}
    with atomic():
        quota.lock([owner_id])
        ids = [asset_id for asset_id, in select_assets(Asset.id).where(Asset.id.in_(many(changed))).tuples()]
        for asset_id in ids:
            found = changed[asset_id]
            Asset.update(file_modified_at=found.modified).where(Asset.id == asset_id).execute()
            AssetExif.update(file_size_in_byte=found.size).where(AssetExif.asset == asset_id).execute()
            _replace_sidecar(asset_id, sidecars[asset_id])
        if ids:
            emit(AssetsUpdated(tuple(ids), owner_id, frozenset({"original", "sidecar"})))


def _replace_sidecar(asset_id: str, sidecar: Found | None) -> None:
    """What lies beside the file now is its sidecar. One of our own, which a user put there, stays."""
    mine = (AssetFile.asset == asset_id) & (AssetFile.type == AssetFileType.SIDECAR)
    known = AssetFile.select(AssetFile.storage_key).where(mine).scalar()
    if known is not None and not is_outside(known):
        return
    AssetFile.delete().where(mine).execute()
    if sidecar is not None:
        AssetFile.insert(asset=asset_id, type=AssetFileType.SIDECAR, is_edited=False, storage_key=sidecar.path,
                         size_in_byte=sidecar.size).execute()


def _portions(library_id: str) -> Iterator[list[tuple]]:
    """The assets of a library: id, path, whether it is offline, status, and when its file was changed."""
    # A film that was cut out of a picture has no file of its own there: those have no library either.
    query = select_assets(Asset.id, Asset.original_path, Asset.is_offline, Asset.status, wire(Asset.file_modified_at)
                          ).where(*within(library_id)).order_by(Asset.id).limit(CHECKED)
    after = ""
    while rows := list((query.where(Asset.id > after) if after else query).tuples()):
        yield rows
        after = rows[-1][0]


def check_folders(paths: Iterable[str]) -> str | None:
    """What is wrong with a list of allowed folders."""
    wrong = [path for path in paths if not isinstance(path, str) or not os.path.isabs(path)]
    return f"must be absolute paths, not {wrong[0]!r}" if wrong else None
