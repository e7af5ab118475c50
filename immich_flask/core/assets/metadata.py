"""Free JSON that clients keep with an asset, by key (`/assets/{id}/metadata`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets import quota
from immich_flask.core.assets.visible import require
from immich_flask.core.models import AssetMetadata
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.fields import wire

_COLUMNS = (AssetMetadata.asset, AssetMetadata.key, AssetMetadata.value, wire(AssetMetadata.updated_at))


def list_metadata(auth: Auth, asset_id: str) -> list[dict]:
    """`[{key, value, updatedAt}]`, by key. Raises NoAccess(asset.read)."""
    require(auth, [asset_id], "asset.read")
    return _answers(AssetMetadata.asset == asset_id)


def get_metadata(auth: Auth, asset_id: str, key: str) -> dict:
    """`{key, value, updatedAt}`. Raises NoAccess(asset.read), and BadRequest when there is no such key."""
    require(auth, [asset_id], "asset.read")
    found = _answers((AssetMetadata.asset == asset_id) & (AssetMetadata.key == key))
    if not found:
        raise BadRequest(f'Metadata with key "{key}" not found for asset with id "{asset_id}"')
    return found[0]


def set_metadata(auth: Auth, asset_id: str, items: Sequence[dict]) -> list[dict]:
    """Set the values of `[{key, value}]`; returns them as `[{key, value, updatedAt}]`.

    Raises NoAccess(asset.update), and BadRequest for a key that is given twice.
    """
    refuse_duplicates(item["key"] for item in items)
    with atomic():
        quota.lock([auth.user_id])
        require(auth, [asset_id], "asset.update")
        insert_metadata((asset_id, item["key"], item["value"]) for item in items)
    found = {answer["key"]: answer for answer in _answers(AssetMetadata.asset == asset_id)}
    return [found[item["key"]] for item in items]


def set_metadata_of_many(auth: Auth, items: Sequence[dict]) -> list[dict]:
    """Set the values of `[{assetId, key, value}]`; returns them with `updatedAt`.

    Raises NoAccess(asset.update) unless all assets are the caller's, and BadRequest for a pair that is given twice.
    """
    refuse_duplicates(f"({item['assetId']}, {item['key']})" for item in items)
    ids = {item["assetId"] for item in items}
    with atomic():
        quota.lock([auth.user_id])
        require(auth, ids, "asset.update")
        insert_metadata((item["assetId"], item["key"], item["value"]) for item in items)
    found = {(row[0], row[1]): row for row in
             AssetMetadata.select(*_COLUMNS).where(AssetMetadata.asset.in_(many(ids))).tuples()}
    return [{"assetId": item["assetId"], **_answer(found[item["assetId"], item["key"]])} for item in items]


def delete_metadata(auth: Auth, asset_id: str, key: str) -> None:
    """Forget one key, if it is there. Raises NoAccess(asset.update)."""
    with atomic():
        require(auth, [asset_id], "asset.update")
        AssetMetadata.delete().where(AssetMetadata.asset == asset_id, AssetMetadata.key == key).execute()


def delete_metadata_of_many(auth: Auth, items: Iterable[dict]) -> None:
    """Forget the keys of `[{assetId, key}]`. Raises NoAccess(asset.update) unless all assets are the caller's."""
    pairs = {(item["assetId"], item["key"]) for item in items}
    with atomic():
        require(auth, {asset_id for asset_id, _ in pairs}, "asset.update")
        for some in chunks(pairs):
            AssetMetadata.delete().where(peewee.Tuple(AssetMetadata.asset, AssetMetadata.key).in_(some)).execute()


def insert_metadata(rows: Iterable[tuple[str, str, dict]]) -> None:
    """Insert or replace (asset id, key, value). In a transaction."""
    for some in chunks(rows):
        (AssetMetadata.insert_many(some, fields=[AssetMetadata.asset, AssetMetadata.key, AssetMetadata.value])
         .on_conflict(conflict_target=[AssetMetadata.asset, AssetMetadata.key], preserve=[AssetMetadata.value])
         .execute())


def refuse_duplicates(names: Iterable[str]) -> None:
    """Raise BadRequest naming the first that comes twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise BadRequest(f'Duplicate items are not allowed: "{name}"')
        seen.add(name)


def _answers(condition: Any) -> list[dict]:
    query = AssetMetadata.select(*_COLUMNS).where(condition).order_by(AssetMetadata.key).tuples()
    return [_answer(row) for row in query]


def _answer(row: tuple) -> dict:
    _, key, value, updated_at = row
    return {"key": key, "value": value, "updatedAt": updated_at}
