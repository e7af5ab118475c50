"""What the months of whole libraries hold, without looking at their assets: triggers keep the counts (`infra.tally`)."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.enums import AssetStatus, AssetVisibility
from immich_flask.core.assets.filters import Libraries
from immich_flask.core.assets.visible import any_of, select_assets
from immich_flask.core.models import Asset
from immich_flask.infra import tally
from immich_flask.infra.db import many
from immich_flask.infra.sql import Texts, month, raw_rows
from plugins.timeline.models import TimelineCount

log = logging.getLogger(__name__)

CHECK = "TimelineCheckCounts"

WHOLE = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE, AssetVisibility.LOCKED)
"""Visibilities of which an owner sees all or nothing. Hidden ones depend on the still that they belong to."""


def months(libraries: Libraries, visibility: AssetVisibility, *, is_trashed: bool, is_favorite: bool | None
           ) -> Counter[str] | None:
    """How many assets there are in each month that has any. None where that depends on more than the counts.

    `visibility` locked only for a caller who may see it.
    """
    if visibility not in WHOLE or libraries.others and (visibility != AssetVisibility.TIMELINE or is_trashed):
        return None
    owners = [*([libraries.own] if libraries.own else ()), *libraries.others]
    values = [owners, visibility]
    counts = Counter(dict(_kept.rows((is_trashed, is_favorite), lambda *given: _counted(
        *given, is_trashed=is_trashed, is_favorite=is_favorite), *values)))
    if libraries.left_out:
        for owner in owners:
            # One by one: each is found along an index.
            counts.subtract(dict(raw_rows(_left_out(owner, visibility, libraries.left_out, is_trashed, is_favorite))))
    return +counts


def check() -> None:
    """Job `TimelineCheckCounts`: set right what differs from the assets; it should find nothing. And make the counts few
    again, as PostgreSQL has a row for each write."""
    if missing := tally.mend(TimelineCount, truth()):
        log.error("the counts of %d months were wrong, and were set right: %s", len(missing), missing[:10])
    tally.compact(TimelineCount)


def truth() -> Any:
    """The query of what should be in the table."""
    key = (Asset.owner, Asset.visibility, Asset.deleted_at.is_null(False), Asset.is_favorite, month(Asset.local_date_time))
    return (select_assets(*key, fn.COUNT(SQL("*")))
            .where(Asset.deleted_at.is_null() | (Asset.status != AssetStatus.DELETED)).group_by(*key))


_kept = Texts()


def _counted(owners: Any, visibility: Any, *, is_trashed: bool, is_favorite: bool | None) -> Any:
    found, total = TimelineCount, fn.SUM(TimelineCount.count)
    conditions = [found.owner_id.in_(many(owners)), found.visibility == visibility, found.is_trashed == is_trashed]
    if is_favorite is not None:
        conditions.append(found.is_favorite == is_favorite)
    return found.select(found.month, total.cast("BIGINT")).where(*conditions).group_by(found.month).having(total > 0)


def _left_out(owner: str, visibility: str, left_out: list, is_trashed: bool, is_favorite: bool | None) -> Any:
    conditions = [Asset.owner == owner, Asset.visibility == visibility, any_of(left_out)]
    if is_trashed:
        conditions += [Asset.deleted_at.is_null(False), Asset.status != AssetStatus.DELETED]
    else:
        conditions.append(Asset.deleted_at.is_null())
    if is_favorite is not None:
        conditions.append(Asset.is_favorite == is_favorite)
    return select_assets(month(Asset.local_date_time), fn.COUNT(SQL("*"))).where(*conditions).group_by(SQL("1"))
