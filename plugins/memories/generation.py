"""Memories that come by themselves, and go: each night those of the coming days are made, and old ones removed
(server/src/services/memory.service.ts)."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import groupby
from typing import Any

from peewee import SQL, Select, fn

from immich_flask.contracts.enums import AssetFileType, AssetVisibility, MemoryType
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetFile, SystemMetadata, User
from immich_flask.core.models.user import new_id
from immich_flask.core.settings import set_system_metadata
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.fields import now, wire
from immich_flask.infra.sql import for_key_share, for_update
from plugins.memories.contents import SHOWN, hold, link
from plugins.memories.models import Memory, MemoryAsset

DAYS = 3
"""From so many days before today to so many after: it is never the same day everywhere."""

MOST_ASSETS = 20

OLDEST_YEAR = 1826
"""That of the oldest photograph there is; what claims to be older is mistaken."""

KEPT = timedelta(days=30)
"""How long a memory is kept that nobody saved."""

STATE = "memories-state"
"""What is remembered of the progress: `{"day": "2026-06-12", "userId": id}`. All earlier days are done, and this one
for all users up to the one named, or for nobody yet."""

USERS_AT_ONCE = 10
"""In one transaction, which takes some hundredths of a second; a transaction for each user would take longer in all."""

PORTION = 500


def generate() -> None:
    """Job `MemoryGenerate`: make the memories of the days around today that are not made yet, user by user.

    Goes on where a killed run stopped, makes nothing twice, and nothing again that somebody deleted.
    """
    with atomic():
        SystemMetadata.insert(key=STATE, value={}).on_conflict_ignore().execute()
    while _step(now().date()):
        pass


def clean_up() -> None:
    """Job `MemoryCleanup`: remove memories that have had their time, and take out what left the timeline."""
    old = Memory.select(Memory.id).where(~Memory.is_saved, Memory.created_at < now() - KEPT).limit(PORTION)
    while ids := [memory_id for memory_id, in old.tuples()]:
        Memory.delete().where(Memory.id.in_(many(ids)), ~Memory.is_saved).execute()
    # Found first and deleted then: looking for them takes long, and nobody else could write meanwhile.
    left = [asset_id for asset_id, in MemoryAsset.select(MemoryAsset.asset).distinct().join(Asset)
            .where(Asset.visibility != AssetVisibility.TIMELINE).tuples()]
    for ids in chunks(left, PORTION):
        MemoryAsset.delete().where(MemoryAsset.asset.in_(many(ids))).execute()


def _step(today: date) -> bool:
    """Make the memories of a few users for one day, or go on to the next day. False when all is done."""
    with atomic():
        # Held until this step is over: of two runs at once each takes other users.
        state = for_update(SystemMetadata.select().where(SystemMetadata.key == STATE)).get().value
        day, done = today - timedelta(days=DAYS), None
        if state and date.fromisoformat(state["day"]) >= day:
            day, done = date.fromisoformat(state["day"]), state["userId"]
        if day > today + timedelta(days=DAYS):
            return False
        user_ids = _users_after(done)
        for user_id in user_ids:
            _make(user_id, day)
        if len(user_ids) == USERS_AT_ONCE:
            done = user_ids[-1]
        else:
            day, done = day + timedelta(days=1), None
        set_system_metadata(STATE, {"day": day.isoformat(), "userId": done})
        return True


def _users_after(done: str | None) -> list[str]:
    query = User.select(User.id).where(User.deleted_at.is_null()).order_by(User.id).limit(USERS_AT_ONCE)
    if done is not None:
        query = query.where(User.id > done)
    return [user_id for user_id, in for_key_share(query).tuples()]


def _make(user_id: str, day: date) -> None:
    """A memory for each earlier year in which the user took something on this day."""
    found = dict(_taken(user_id, day))
    held = hold(asset_id for ids in found.values() for asset_id in ids)
    memories, contents = [], {}
    for year, ids in found.items():
        if ids := [asset_id for asset_id in ids if asset_id in held]:
            memory_id = new_id()
            memories.append({
                "id": memory_id, "owner": user_id, "type": MemoryType.ON_THIS_DAY, "data": {"year": year},
                "memory_at": _start(day.replace(year=year)), "show_at": _start(day),
                "hide_at": _start(day + timedelta(days=1)) - timedelta(milliseconds=1)})
            contents[memory_id] = ids
    for part in chunks(memories):
        Memory.insert_many(part).execute()
    link(contents)


def _taken(user_id: str, day: date) -> Iterator[tuple[int, list[str]]]:
    """Earlier years, and up to `MOST_ASSETS` ids of what the user took then on this day of the year."""
    oldest = select_assets(wire(fn.MIN(Asset.local_date_time))).where(Asset.owner == user_id).scalar()
    if oldest is None:
        return
    years = [year for year in range(max(int(oldest[:4]), OLDEST_YEAR), day.year)
             if isleap(year) or (day.month, day.day) != (2, 29)]
    if not years:
        return
    # A query per year, all in one statement: of other spellings SQLite makes a walk through all assets of the user.
    query = reduce(Select.union_all, (_taken_on(user_id, day.replace(year=year)) for year in years))
    for year, rows in groupby(query.order_by(SQL("2"), SQL("1")).tuples(), key=lambda row: int(row[1][:4])):
        yield year, _spread([asset_id for asset_id, _ in rows])


def _taken_on(user_id: str, day: date) -> Any:
    preview = AssetFile.select(SQL("1")).where(AssetFile.asset == Asset.id, AssetFile.type == AssetFileType.PREVIEW)
    return select_assets(Asset.id, wire(Asset.local_date_time)).where(
        Asset.owner == user_id, Asset.local_date_time >= _start(day),
        Asset.local_date_time < _start(day + timedelta(days=1)), SHOWN, fn.EXISTS(preview))


def _spread(ids: list[str]) -> list[str]:
    """Not all from the morning: as many as there may be, taken evenly."""
    count = min(len(ids), MOST_ASSETS)
    return [ids[index * len(ids) // count] for index in range(count)]


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
