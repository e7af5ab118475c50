"""Bytes without a row: what crashed uploads, refused ones whose removal failed, and lost races have left behind."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from immich_flask.core.assets.keys import FOLDERS, PROFILE
from immich_flask.core.models import Asset, AssetFile, User
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import many
from immich_flask.infra.fields import now
from immich_flask.infra.storage.base import ObjectInfo, ObjectNotFound

log = logging.getLogger(__name__)

SWEEP = "FileSweep"

OLDER_THAN = timedelta(days=1)
"""An object comes before its row; whatever is younger may still get one."""

CHUNK = 500
MOST_AT_ONCE = 10_000
"""Objects that one run removes; the next goes on."""

SUSPICIOUS = 1000
"""So many strange objects, and more of them than known ones, mean that storage and database don't belong together."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf"[a-z-]+/({_UUID})/({_UUID})[./_].*")


def sweep() -> int:
    """The job `FileSweep`: remove objects older than a day that no row knows; returns how many.

    Objects whose keys are not of our making are left alone. After a database was put back from an old backup nearly
    everything may look strange; then nothing is removed.
    """
    runtime.storage.sweep(OLDER_THAN)
    orphans: list[str] = []
    known = strange = 0
    for chunk in _chunks(_old_objects()):
        without = _without_row(chunk)
        known += len(chunk) - len(without)
        strange += len(without)
        orphans += without[:MOST_AT_ONCE - len(orphans)]
    if strange > max(SUSPICIOUS, known):
        log.error("%d objects in the storage belong to no row and only %d do: is this the right database? "
                  "Nothing was removed", strange, known)
        return 0
    # Again: a file of this name may have been made anew in the meantime.
    orphans = [key for key in orphans if _is_still_old(key)]
    if orphans:
        log.info("removing %d objects that belong to no row", len(orphans))
        runtime.storage.delete(orphans)
    return len(orphans)


def _is_still_old(key: str) -> bool:
    try:
        return runtime.storage.stat(key).modified < now() - OLDER_THAN
    except ObjectNotFound:
        return False


def _old_objects() -> Iterator[tuple[str, str]]:
    """(key, id of the row it should belong to)"""
    limit = now() - OLDER_THAN
    for folder in FOLDERS:
        for found in runtime.storage.list(f"{folder}/"):
            if found.modified < limit and (row_id := _row_id(found)):
                yield found.key, row_id


def _row_id(found: ObjectInfo) -> str | None:
    match = _KEY.fullmatch(found.key)
    if match is None:
        return None
    return match[1] if found.key.startswith(f"{PROFILE}/") else match[2]


def _chunks(objects: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while chunk := list(islice(objects, CHUNK)):
        yield chunk


def _without_row(objects: list[tuple[str, str]]) -> list[str]:
    ids = many({row_id for _, row_id in objects})
    queries = (
        Asset.select(Asset.storage_key).where(Asset.id.in_(ids)),
        AssetFile.select(AssetFile.storage_key).where(AssetFile.asset.in_(ids)),
        User.select(User.profile_image_key).where(User.id.in_(ids)),
    )
    known = {key for query in queries for key, in query.tuples()}
    return [key for key, _ in objects if key not in known]
