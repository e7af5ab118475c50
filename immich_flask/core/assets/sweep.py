"""Bytes without a row: what crashed uploads, refused ones whose removal failed, and lost races have left behind."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from immich_flask.core.assets.keys import ORIGINALS, PROFILE
from immich_flask.core.assets.stored import all_folders, without_row
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import system_metadata
from immich_flask.infra.fields import instant, now
from immich_flask.infra.storage.base import ObjectNotFound

log = logging.getLogger(__name__)

SWEEP = "FileSweep"

OLDER_THAN = timedelta(days=1)
"""An object comes before its row; whatever is younger may still get one."""

RESTORED = "restored-backups"
"""In the system metadata: the times that a database which was put back from a backup knows nothing of,
`[{"from", "until"}]`. Originals that were uploaded then are still in the storage, and belong to no row."""

CHUNK = 500
MOST_AT_ONCE = 10_000
"""Objects that one run removes; the next goes on."""

SUSPICIOUS = 1000
"""So many strange objects, and more of them than known ones, mean that storage and database don't belong together."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf"[a-z-]+/({_UUID})/({_UUID})[./_].*")


def sweep() -> int:
    """The job `FileSweep`: remove objects older than a day that no row knows; returns how many.

    Objects whose keys are not of our making are left alone, and originals that a database which was put back from a
    backup cannot know. When nearly everything looks strange nothing is removed.
    """
    runtime.storage.sweep(OLDER_THAN)
    orphans: list[str] = []
    known = strange = 0
    for chunk in _chunks(_old_objects()):
        without = without_row(chunk)
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
    limit, spared = now() - OLDER_THAN, restored_spans()
    for folder in all_folders():
        for found in runtime.storage.list(f"{folder}/"):
            if found.modified < limit and (row_id := row_of(found.key)):
                if folder == ORIGINALS and any(start <= found.modified <= end for start, end in spared):
                    continue
                yield found.key, row_id


def restored_spans() -> list[tuple[datetime, datetime]]:
    """See `RESTORED`."""
    return [(instant(span["from"]), instant(span["until"])) for span in system_metadata(RESTORED, [])]


def row_of(key: str) -> str | None:
    """The id of the row to which an object should belong; None when its key is not of our making."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return match[1] if key.startswith(f"{PROFILE}/") else match[2]


def _chunks(objects: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while chunk := list(islice(objects, CHUNK)):
        yield chunk
