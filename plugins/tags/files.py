"""Tags that files bring along: digiKam's, Lightroom's or plain keywords, as they stand in `asset_exif.tags`."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import SQL, fn

from immich_flask.contracts.events import AssetMetadataExtracted
from immich_flask.core.assets import quota
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, many
from immich_flask.infra.sql import Lookup, find
from plugins.tags import paths, tagging
from plugins.tags.models import Tag, TagAsset

MAX_PER_FILE = 300
"""More is no list of tags."""


def on_extracted(event: AssetMetadataExtracted) -> None:
    """The file was read, in this transaction: its owner's tags on it are now what it says, unless he said otherwise."""
    exif = find(AssetExif, event.asset_id)
    if exif is None or "tags" in exif.locked:
        return
    wanted = usable(exif.tags or ())
    ids = paths.ensure(event.owner_id, paths.levels(wanted)) if wanted else {}
    tags = {ids[path] for path in wanted}
    _TAKE_OFF.rows(event.asset_id, event.owner_id, list(tags))
    tagging.put(tags, [event.asset_id])


_TAKE_OFF = Lookup(lambda asset_id, owner_id, but_for: TagAsset.delete().where(
    TagAsset.asset == asset_id, TagAsset.tag.in_(Tag.select(Tag.id).where(Tag.user == owner_id)),
    TagAsset.tag.not_in(many(but_for))).returning(TagAsset.asset))


def catch_up() -> None:
    """Do so for files that were read while this plugin was disabled."""
    missed = (select_assets(Asset.id, Asset.owner).join(AssetExif)
              .where(AssetExif.tags.is_null(False),
                     ~fn.EXISTS(TagAsset.select(SQL("1")).where(TagAsset.asset == Asset.id))).tuples())
    for asset_id, owner_id in list(missed):
        with atomic():
            quota.lock([owner_id])
            on_extracted(AssetMetadataExtracted(asset_id, owner_id))


def usable(found: Iterable[str]) -> list[str]:
    """Those that can be tags, in normal form, each once."""
    result: dict[str, None] = {}
    for path in map(paths.normal, found):
        if path and paths.fits(path):
            result[path] = None
        if len(result) >= MAX_PER_FILE:
            break
    return list(result)
