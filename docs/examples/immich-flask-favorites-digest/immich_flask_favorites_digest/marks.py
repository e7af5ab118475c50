"""Remembering when something became a favourite, in the very transaction that makes it one."""

from __future__ import annotations

from collections.abc import Iterable

from immich_flask.contracts.events import AssetCreated, AssetsUpdated
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset
from immich_flask.infra.db import chunks, many
from immich_flask.infra.fields import now
from immich_flask_favorites_digest.models import FavoriteMark


def on_updated(event: AssetsUpdated) -> None:
    if "is_favorite" in event.changed:
        _note(event.asset_ids, event.owner_id)


def on_created(event: AssetCreated) -> None:
    # Clients may upload something as a favourite already.
    _note([event.asset_id], event.owner_id)


def _note(asset_ids: Iterable[str], owner_id: str) -> None:
    ids = list(asset_ids)
    favorites = {asset_id for asset_id, in
                 select_assets(Asset.id).where(Asset.id.in_(many(ids)), Asset.is_favorite).tuples()}
    if others := [asset_id for asset_id in ids if asset_id not in favorites]:
        FavoriteMark.delete().where(FavoriteMark.asset.in_(many(others))).execute()
    moment = now()
    for part in chunks(sorted(favorites)):
        # Marked once more is no news.
        (FavoriteMark.insert_many([{"asset": asset_id, "owner": owner_id, "marked_at": moment} for asset_id in part])
         .on_conflict_ignore().execute())
