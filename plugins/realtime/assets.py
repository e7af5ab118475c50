"""What clients are told of assets: as REST gives them to their owner, or as the sync stream does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from immich_flask.contracts.enums import AssetVisibility
from immich_flask.core.assets.read import get_assets
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.auth.authenticate import auth_of
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.sync import ASSET, ASSET_EXIF
from immich_flask.infra.db import chunks
from immich_flask.infra.json_rows import json_object

PORTION = 100

IN_TIMELINE = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE)


def asset_answers(owner_id: str, asset_ids: list[str]) -> Iterator[list[dict]]:
    """Each asset as `GET /assets/{id}` has it for its owner. What is locked is left out: not every session of his may
    see it."""
    auth = auth_of(owner_id)
    if auth is None:
        return
    for ids in chunks(asset_ids, PORTION):
        yield from ([answer] for answer in get_assets(auth, ids))


def uploaded(owner_id: str, asset_id: str) -> Iterator[list[dict]]:
    """The same for what has just come in, unless it has no place in the timeline or the archive."""
    for answer, in asset_answers(owner_id, [asset_id]):
        if answer["visibility"] in IN_TIMELINE:
            yield [answer]


def upload_ready(asset_id: str) -> Iterator[list[dict]]:
    """`{asset, exif}`, as the sync stream has them."""
    query = (select_assets(json_object(ASSET), json_object(ASSET_EXIF)).join(AssetExif, on=AssetExif.asset == Asset.id)
             .where(Asset.id == asset_id, Asset.visibility.in_(IN_TIMELINE)))
    for asset, exif in query.tuples():
        yield [{"asset": orjson.loads(asset), "exif": orjson.loads(exif)}]


def edit_ready(asset_id: str, edits: list[Any]) -> Iterator[list[dict]]:
    """`{asset, edit}`, as the sync stream has them."""
    for asset, in select_assets(json_object(ASSET)).where(Asset.id == asset_id).tuples():
        yield [{"asset": orjson.loads(asset), "edit": edits}]
