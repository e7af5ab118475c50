"""Looking for what is wrong, as often as the administrator's settings say (`integrityChecks`)."""

from __future__ import annotations

import time
from collections.abc import Iterator

from immich_flask.core.assets import integrity
from immich_flask.core.assets.integrity import Wrong
from immich_flask.core.assets.stored import StoredObject, count_originals, stored_objects
from immich_flask.core.settings import set_system_metadata, setting, system_metadata
from plugins.integrity import reports

CHECKPOINT = "integrity-checksum-checkpoint"
"""In the system metadata: `{"after": the asset whose original was the last to be read}`, null when all were. The next run
goes on behind it."""


def when(check: str) -> str | None:
    """The cron line of a check; None while it is switched off."""
    settings = setting(f"integrityChecks.{check}")
    return settings["cronExpression"] if settings["enabled"] else None


def look_for_missing(refresh_only: bool = False) -> None:
    """Job `IntegrityMissingFilesQueueAll`: rows without bytes. `refresh_only`: look again at what was found only."""
    reports.refresh(Wrong.MISSING)
    if not refresh_only:
        reports.add(integrity.find_missing())


def look_for_untracked(refresh_only: bool = False) -> None:
    """Job `IntegrityUntrackedFilesQueueAll`: bytes without rows."""
    reports.refresh(Wrong.UNTRACKED)
    if not refresh_only:
        reports.add(integrity.find_untracked())


def look_for_damaged(refresh_only: bool = False) -> None:
    """Job `IntegrityChecksumFiles`: originals that are not what was uploaded. Reads a part of them, as long and as many
    as the settings say, and goes on with the others the next time."""
    reports.refresh(Wrong.CHECKSUM)
    if refresh_only:
        return
    settings = setting("integrityChecks.checksumFiles")
    most = int(count_originals() * settings["percentageLimit"])
    ends_at = time.monotonic() + settings["timeLimit"] / 1000
    after, looked = (system_metadata(CHECKPOINT) or {}).get("after"), 0

    def watched() -> Iterator[list[StoredObject]]:
        nonlocal after
        for portion in stored_objects(after=after):
            for stored in portion:
                if stored.checksum is not None:
                    after = stored.row_id
                    yield [stored]
        # All were read; the next time it begins anew.
        after = None

    def enough() -> bool:
        nonlocal looked
        looked += 1
        # One more than asked for: who may read all shall come to the end, and begin anew the next time.
        return looked > most or time.monotonic() > ends_at

    reports.add(integrity.find_damaged(portions=watched(), until=enough))
    set_system_metadata(CHECKPOINT, {"after": after})


def deal_with_all(type: str) -> None:
    """Job `IntegrityDeleteReportType`: what `reports.deal_with` does, for every report of a type."""
    while some := reports.some_of(Wrong(type)):
        reports.deal_with(some)


