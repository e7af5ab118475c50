"""Making backups when the administrator's settings say so (`backup.database`)."""

from __future__ import annotations

import logging

from immich_flask.core.backup import kept
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting

log = logging.getLogger(__name__)

ZONE = "UTC"
"""Of the times in the names."""


def when() -> str | None:
    """The cron line; None while backups are switched off."""
    return setting("backup.database.cronExpression") if setting("backup.database.enabled") else None


def back_up(force: bool = False) -> None:
    """Job `DatabaseBackup`: make one, and remove the oldest of those that were made so. `force`, with which queues are
    started, makes no difference."""
    name = kept.keep(runtime.plugins)
    removed = kept.remove_old(setting("backup.database.keepLastAmount"))
    log.info("made the backup %s, removed %d old ones", name, removed)


def all_backups() -> list[dict]:
    """`DatabaseBackupDto` of each."""
    return [{"filename": kept.name_of(info), "filesize": info.size, "timezone": ZONE} for info in kept.kept()]
