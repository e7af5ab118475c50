"""Do rows and bytes belong together? Looking, and on demand mending.

Looking changes nothing. It compares what the rows speak of (`stored`) with what the storage lists, one owner after the
other, so that memory holds the keys of one owner's folder at most. Uploads go on meanwhile: whatever seems wrong is
looked at again before it is reported.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice

from immich_flask.contracts.enums import JobName
from immich_flask.core.assets import trash
from immich_flask.core.assets.keys import FOLDERS
from immich_flask.core.assets.stored import (
    StoredObject,
    all_folders,
    asset_objects,
    is_derived,
    stored_objects,
    without_row,
)
from immich_flask.core.assets.sweep import row_of
from immich_flask.core.jobs import enqueue_many
from immich_flask.core.models import AssetFile, User
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic, chunks
from immich_flask.infra.fields import now
from immich_flask.infra.storage.base import ObjectInfo, ObjectNotFound

YOUNG = timedelta(hours=1)
"""An object comes before its row; one that is younger than this may still get one."""

PORTION = 500

Progress = Callable[[int], None]
"""Called with the number of objects that were looked at since the last call."""


class Wrong(StrEnum):
    """What can be wrong, in the wire's words (`IntegrityReport`)."""

    UNTRACKED = "untracked_file"
    MISSING = "missing_file"
    CHECKSUM = "checksum_mismatch"


@dataclass(frozen=True, slots=True)
class Finding:
    """`stored` is what the row says; None where there is no row. `detail` for people, empty where the kind says all."""

    wrong: Wrong
    key: str
    stored: StoredObject | None = None
    detail: str = ""


def find_missing(progress: Progress = lambda count: None) -> Iterator[Finding]:
    """Rows without bytes, and rows whose bytes are more or fewer than they say."""
    for owner_id in _owners():
        there = {info.key: info.size for folder in FOLDERS for info in runtime.storage.list(f"{folder}/{owner_id}/")}
        for portion in stored_objects(owner_id):
            progress(len(portion))
            for stored in portion:
                size = there.get(stored.key)
                if size is None or stored.size not in (None, size):
                    yield from _looked_at_again(stored)


def find_untracked(progress: Progress = lambda count: None, *, young: timedelta = YOUNG) -> Iterator[Finding]:
    """Bytes without a row, of those whose keys are of our making."""
    limit = now() - young
    for folder in all_folders():
        objects = iter(runtime.storage.list(f"{folder}/"))
        while portion := list(islice(objects, PORTION)):
            progress(len(portion))
            old = [(info.key, row_id) for info in portion if info.modified < limit and (row_id := row_of(info.key))]
            yield from (Finding(Wrong.UNTRACKED, key) for key in without_row(old))


def find_damaged(progress: Progress = lambda count: None, *, portions: Iterable[list[StoredObject]] | None = None,
                 until: Callable[[], bool] = lambda: False) -> Iterator[Finding]:
    """Originals whose bytes are not those that were uploaded. Reads every one of them: the whole library.

    portions: which; all, without. until: asked after each original whether that is enough.
    """
    for portion in portions if portions is not None else stored_objects():
        for stored in portion:
            if stored.checksum is not None:
                progress(1)
                if found := damage(stored):
                    yield found
                if until():
                    return


def damage(stored: StoredObject) -> Finding | None:
    """Compare one original's bytes with its checksum. Missing ones are not damaged."""
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with runtime.storage.open(stored.key) as stream:
            for chunk in stream:
                digest.update(chunk)
    except ObjectNotFound:
        return None
    if base64.b64encode(digest.digest()).decode() == stored.checksum:
        return None
    return Finding(Wrong.CHECKSUM, stored.key, stored, f"SHA-1 is {digest.hexdigest()}")


def is_untracked(key: str) -> bool:
    """Is the object there, and does no row know it?"""
    info = _info(key)
    return info is not None and (row_id := row_of(key)) is not None and without_row([(key, row_id)]) == [key]


def delete_untracked(keys: Iterable[str], *, young: timedelta = YOUNG) -> list[str]:
    """Remove those of `keys` that still belong to no row and are old enough; returns them."""
    limit = now() - young
    gone: list[str] = []
    for part in chunks(keys):
        old = [(info.key, row_id) for key in part if (info := _info(key)) and info.modified < limit
               and (row_id := row_of(info.key))]
        gone += (orphans := without_row(old))
        runtime.storage.delete(orphans)
    return gone


def forget_missing(missing: Iterable[StoredObject]) -> tuple[int, int]:
    """`give_up` those of `missing` that have not come back since they were reported."""
    return give_up(stored for stored in missing if not runtime.storage.exists(stored.key))


def give_up(lost: Iterable[StoredObject]) -> tuple[int, int]:
    """Where a file is lost that can be made again, have it made; forget sidecars and profile images; put assets whose
    original is lost into the trash, from which they can be taken should it turn up. Returns (files, assets)."""
    files: list[StoredObject] = []
    assets: list[str] = []
    for stored in lost:
        assets.append(stored.row_id) if stored.kind == "original" else files.append(stored)
    with atomic():
        for stored in files:
            if stored.kind == "profile":
                User.update(profile_image_key="").where(
                    User.id == stored.row_id, User.profile_image_key == stored.key).execute()
            else:
                AssetFile.delete().where(
                    AssetFile.asset == stored.row_id, AssetFile.type == stored.type,
                    AssetFile.is_edited == stored.is_edited, AssetFile.storage_key == stored.key).execute()
        _make_again({stored for stored in files if is_derived(stored) and stored.row_id not in assets})
    trash.trash(assets)
    return len(files), len(assets)


def _make_again(files: set[StoredObject]) -> None:
    for edited, job in ((False, JobName.ASSET_GENERATE_THUMBNAILS), (True, JobName.ASSET_EDIT_THUMBNAIL_GENERATION)):
        ids = {stored.row_id for stored in files if stored.is_edited is edited}
        if ids and job in runtime.jobs:
            enqueue_many(job, ({"id": asset_id} for asset_id in sorted(ids)), unless_waiting=True)


def _owners() -> list[str]:
    return [user_id for user_id, in User.select(User.id).order_by(User.created_at, User.id).tuples()]


def _looked_at_again(stored: StoredObject) -> Iterator[Finding]:
    """What was wrong with the object a moment ago may be made, replaced or deleted by now."""
    now_stored = still_stored(stored.key, stored.row_id)
    if now_stored is not None:
        yield from look_at(now_stored)


def look_at(stored: StoredObject) -> Iterator[Finding]:
    """What is wrong with one object, as far as that shows without reading it."""
    info = _info(stored.key)
    if info is None:
        yield Finding(Wrong.MISSING, stored.key, stored)
    elif stored.size not in (None, info.size):
        yield Finding(Wrong.CHECKSUM, stored.key, stored, f"{info.size} bytes, not {stored.size}")


def still_stored(key: str, row_id: str) -> StoredObject | None:
    """What the rows of an asset, or an account, say of an object now; None when they don't speak of it any more."""
    if User.select().where(User.id == row_id, User.profile_image_key == key).exists():
        return StoredObject(key, "profile", row_id, row_id)
    return next((one for one in asset_objects([row_id]) if one.key == key), None)


def _info(key: str) -> ObjectInfo | None:
    try:
        return runtime.storage.stat(key)
    except ObjectNotFound:
        return None


