"""Changing assets: one or thousands, in the same words.

What a user says about a picture outranks its file: those columns of `asset_exif` are remembered in `locked`, and a later
extraction leaves them alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.events import AssetsLocked, AssetsUpdated
from immich_flask.core.assets import quota
from immich_flask.core.assets.dates import change_dates
from immich_flask.core.assets.live_photos import change_video
from immich_flask.core.assets.paths import refresh_paths
from immich_flask.core.assets.response import ASSET_COLUMNS, asset_response
from immich_flask.core.assets.visible import require
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, many

ASSET_CHANGES = ("is_favorite", "visibility", "duplicate_id")
EXIF_CHANGES = ("description", "rating", "latitude", "longitude")
DATE_CHANGES = ("date_time_original", "date_time_relative", "time_zone")

REJECTED = -1
"""The rating of a picture that is not worth a star."""


def update_assets(auth: Auth, asset_ids: Iterable[str], changes: Mapping[str, Any]) -> None:
    """Change assets of the caller; what is absent from `changes` stays.

    is_favorite, visibility, duplicate_id (None: no duplicate); description, rating (None: unrated), latitude with
    longitude; date_time_original (a datetime; without a zone it is UTC), date_time_relative (minutes), time_zone.
    Raises NoAccess(asset.update) unless all are the caller's.
    """
    ids = tuple(dict.fromkeys(asset_ids))
    with atomic():
        quota.lock([auth.user_id])
        require(auth, ids, "asset.update")
        _change(ids, auth.user_id, changes)
        # Clients are sent the EXIF anew after any change of many, as by upstream, which reads every file again then.
        AssetExif.update(locked=AssetExif.locked).where(AssetExif.asset.in_(many(ids))).execute()


def update_asset(auth: Auth, asset_id: str, changes: Mapping[str, Any]) -> dict:
    """Change one asset and return its answer. Beside what `update_assets` takes: live_photo_video_id (None: unlink).

    Raises NoAccess(asset.update), and BadRequest as `live_photos.change_video` does.
    """
    with atomic():
        quota.lock([auth.user_id])
        require(auth, [asset_id], "asset.update")
        _change((asset_id,), auth.user_id, changes)
        if "live_photo_video_id" in changes:
            change_video(auth, asset_id, changes["live_photo_video_id"])
            emit(AssetsUpdated((asset_id,), auth.user_id, frozenset({"live_photo_video_id"})))
    # Without asking whether it is still visible: somebody who locks his picture sees what became of it.
    row = Asset.select(*ASSET_COLUMNS).where(Asset.id == asset_id).tuples().get()
    answer = asset_response(auth, row, exif=True, fields=("people",))
    if changes.get("rating") == REJECTED:
        # Said back to whoever sets it; read later it is nothing, as by upstream once it has read the file again.
        answer["exifInfo"]["rating"] = REJECTED
    return answer



def _change(ids: tuple[str, ...], owner_id: str, changes: Mapping[str, Any]) -> None:
    changed: set[str] = set()
    if plain := {name: changes[name] for name in ASSET_CHANGES if name in changes}:
        Asset.update(plain).where(Asset.id.in_(many(ids))).execute()
        changed |= plain.keys()
    if facts := {name: changes[name] for name in EXIF_CHANGES if name in changes}:
        _change_facts(ids, facts)
        changed |= facts.keys()
    dates = {name: changes[name] for name in DATE_CHANGES if changes.get(name)}
    if dates:
        change_dates(ids, date=dates.get("date_time_original"), minutes=dates.get("date_time_relative", 0),
                     time_zone=dates.get("time_zone"))
        remember_as_edited(ids, {"date_time_original", "time_zone"})
        refresh_paths(ids)
        changed |= {"date_time_original", "time_zone"}
    if changed and ids:
        emit(AssetsUpdated(ids, owner_id, frozenset(changed)))
        if changes.get("visibility") == AssetVisibility.LOCKED:
            emit(AssetsLocked(ids, owner_id))


def _change_facts(ids: tuple[str, ...], facts: dict[str, Any]) -> None:
    columns = dict(facts)
    if "description" in columns:
        columns["description"] = columns["description"].strip()
    if "latitude" in columns:
        # They named the old place; whoever knows places fills them in again.
        columns |= {"city": None, "state": None, "country": None}
    AssetExif.update(columns).where(AssetExif.asset.in_(many(ids))).execute()
    remember_as_edited(ids, set(facts))


def remember_as_edited(ids: Iterable[str], columns: set[str]) -> None:
    """Add column names to what a later extraction leaves alone; a statement per combination that is there already."""
    query = AssetExif.select(AssetExif.asset, AssetExif.locked).where(AssetExif.asset.in_(many(ids))).tuples()
    by_locked: dict[tuple[str, ...], list[str]] = {}
    for asset_id, locked in query:
        by_locked.setdefault(tuple(locked), []).append(asset_id)
    for locked, some in by_locked.items():
        if not columns.issubset(locked):
            (AssetExif.update(locked=sorted(columns.union(locked)))
             .where(AssetExif.asset.in_(many(some))).execute())
