"""Removing bytes that nobody needs any more: after the commit that made them so, in chunks, and retried."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from immich_flask.contracts.enums import JobName
from immich_flask.core.assets.stored import without_row
from immich_flask.core.assets.sweep import row_of
from immich_flask.core.jobs import enqueue_many
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import chunks
from immich_flask.infra.storage.base import StorageError

log = logging.getLogger(__name__)


def remove_objects(keys: Iterable[str]) -> None:
    """Have objects removed from the storage, by jobs that are queued in this transaction."""
    enqueue_many(JobName.FILE_DELETE, ({"keys": some} for some in chunks(keys)))


def delete_objects(keys: list[str]) -> None:
    """The job `FileDelete`. Raises StorageError when some are still there, so that it is tried again.

    It may come late: what a row names (again) by then is spared.
    """
    rows = [(key, row_id) for key in keys if (row_id := row_of(key))]
    spared = {key for key, _ in rows}.difference(without_row(rows))
    runtime.storage.delete(key for key in keys if key not in spared)


def discard(keys: list[str]) -> None:
    """Remove at once what a refused upload has left. Should that fail, the sweep finds it later."""
    try:
        runtime.storage.delete(keys)
    except StorageError:
        log.warning("could not remove %s; the sweep will", keys, exc_info=True)
