"""Keeping the texts that are searched up to date, and asking them.

Triggers note in `search_stale` whatever was written, however it was written. Here the notes are worked off: by a job
soon after uploads and edits, and by a search that finds some left, so that it sees what was there before it.
"""

from __future__ import annotations

from datetime import timedelta

from peewee import JOIN, SQL, Join, Select, fn

from immich_flask.contracts.events import AssetMetadataExtracted, AssetsUpdated
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, db, is_sqlite, many
from immich_flask.infra.sql import contains
from immich_flask.infra.texts import normalized
from plugins.search.models import SearchStale, SearchText
from plugins.search.narrow import Wanted

REFRESH = "SearchRefreshTexts"

CHANGE_TEXTS = {"description", "date_time_original"}
"""Columns whose change also changes texts: paths contain the day."""

PORTION = 500
MOST_PORTIONS = 10
"""What a search works off by itself, in half a second at the most. After more was written at once (an import) it finds
the rest when the job has been there."""

SHORTEST = 3
"""Characters of the shortest text that the index knows; for shorter ones all texts are looked at."""

PREFIX = 64
"""Characters of a text that are looked up in the index; the rest is compared."""


def on_extracted(event: AssetMetadataExtracted) -> None:
    # Later, so that one run takes the uploads of a while.
    enqueue(REFRESH, unless_waiting=True, delay=timedelta(seconds=30))


def on_updated(event: AssetsUpdated) -> None:
    if event.changed & CHANGE_TEXTS:
        enqueue(REFRESH, unless_waiting=True, delay=timedelta(seconds=30))


def refresh(portions: int | None = None) -> None:
    """Work off the notes, up to `portions` times `PORTION` of them."""
    while portions != 0 and _refresh_portion():
        portions = portions - 1 if portions else None


def contain(wanted: Wanted, column: str, text: str) -> None:
    """Ask for assets whose `column` (`name`, `path`, `description`) contains `text`."""
    text = normalized(text)
    if not text:
        return
    if _notes_left():
        refresh(MOST_PORTIONS)
        if _notes_left():
            enqueue(REFRESH, unless_waiting=True)
    fits = contains(getattr(SearchText, column), text)
    found = SearchText.select(SearchText.asset).where(fits)
    if len(text) >= SHORTEST:
        index = _with_grams(column, text[:PREFIX])
        found = found.from_(Join(index, SearchText, JOIN.CROSS)).where(SearchText.id == index.c.id)
    walking = fn.EXISTS(SearchText.select(SQL("1")).where(SearchText.asset == Asset.id, fits))
    wanted.must_be(found, walking)


def _notes_left() -> bool:
    return SearchStale.select(SQL("1")).limit(1).exists()


def _with_grams(column: str, text: str) -> Select:
    """The ids of texts that may contain `text`."""
    if is_sqlite():
        quoted = text.replace('"', '""')
        where = SQL("search_index MATCH ?", [f'{column} : "{quoted}"'])
    else:
        where = SQL(f"{column} @> search_grams(%s)", [text])
    return Select((SQL("search_index"),), (SQL("rowid AS id" if is_sqlite() else "id"),)).where(where).alias("grams")


def _refresh_portion() -> bool:
    """Whether any were worked off."""
    with atomic():
        if not is_sqlite():
            # One at a time: who reads a text first must not be the last to write it.
            db.execute_sql("LOCK TABLE search_stale IN SHARE UPDATE EXCLUSIVE MODE")
        notes = list(SearchStale.select(SearchStale.id, SearchStale.asset_id)
                     .order_by(SearchStale.id).limit(PORTION).tuples())
        asset_ids = {asset_id for _, asset_id in notes}
        texts = (select_assets(Asset.id, Asset.original_file_name, Asset.original_path, AssetExif.description)
                 .left_outer_join(AssetExif).where(Asset.id.in_(many(asset_ids))))
        if not is_sqlite():
            # An asset that is being deleted must not go before its text has come. Nor is it waited for: who deletes
            # several may wait for another of these.
            texts = texts.for_update("FOR KEY SHARE SKIP LOCKED", of=Asset)
        rows = [{"asset": asset_id, "name": normalized(name), "path": normalized(path),
                 "description": normalized(description or "")} for asset_id, name, path, description in texts.tuples()]
        if rows:
            (SearchText.insert_many(rows).on_conflict(
                conflict_target=[SearchText.asset],
                preserve=[SearchText.name, SearchText.path, SearchText.description]).execute())
        left = _existing(asset_ids - {row["asset"] for row in rows})
        done = [note for note, asset_id in notes if asset_id not in left]
        SearchStale.delete().where(SearchStale.id.in_(done)).execute()
    return bool(done)


def _existing(asset_ids: set[str]) -> set[str]:
    """Those that are there after all."""
    if not asset_ids:
        return set()
    return {asset_id for asset_id, in select_assets(Asset.id).where(Asset.id.in_(many(asset_ids))).tuples()}
