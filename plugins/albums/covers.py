"""The picture that stands for an album: one that everybody in it can see.

It is chosen by hand or is the first that came. When it goes out of sight, the newest takes its place for good: what
comes back from the trash does not claim it. Albums name their cover by a column. Triggers keep it right whatever
happens to assets, also while this plugin is disabled; `repair` gives one to albums that have something to show again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, Case, fn

from immich_flask.contracts.enums import AssetVisibility
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from plugins.albums.models import Album, AlbumAsset

SHOWN = Asset.deleted_at.is_null() & Asset.visibility.in_((AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE))
"""The condition for what an album shows, and counts. Archived assets are part of it."""


def shown_assets(*columns: Any) -> Any:
    """Query of what albums show; it joins `album_asset` and `asset`."""
    return AlbumAsset.select(*columns).join(Asset, on=Asset.id == AlbumAsset.asset).where(SHOWN)


def _inside(*columns: Any) -> Any:
    return shown_assets(*columns).where(AlbumAsset.album == Album.id)


NEWEST = _inside(AlbumAsset.asset).order_by(Asset.file_created_at.desc(), Asset.id).limit(1)

IS_SHOWN = fn.EXISTS(_inside(SQL("1")).where(AlbumAsset.asset == Album.thumbnail_asset))

COVER = Case(None, ((IS_SHOWN, Album.thumbnail_asset),), NEWEST)
"""The id of the cover, for queries of `Album`; None where nothing is shown."""


def if_shown(asset_id: str) -> Any:
    """The asset for a cover, in queries of `Album`; None unless the album shows it."""
    return _inside(AlbumAsset.asset).where(AlbumAsset.asset == asset_id)


def repair(asset_ids: Iterable[str]) -> None:
    """Give a new cover to albums that lost these assets as theirs, and one to those that have got something to show."""
    lost = Album.thumbnail_asset.in_(many(asset_ids)) & ~IS_SHOWN
    waiting = Album.thumbnail_asset.is_null() & fn.EXISTS(_inside(SQL("1")))
    Album.update(thumbnail_asset=NEWEST).where(lost | waiting).execute()
