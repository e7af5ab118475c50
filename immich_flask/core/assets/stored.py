"""Which objects the rows speak of: what must be in the storage, and all that may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from peewee import JOIN, SQL

from immich_flask.contracts.enums import AssetFileType
from immich_flask.core.assets.keys import FOLDERS
from immich_flask.core.models import Asset, AssetExif, AssetFile, User
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import many

PORTION = 1000
"""Rows per statement; no transaction lasts while somebody looks at what they speak of."""

_OURS = ~AssetFile.storage_key.startswith("/")
"""The condition for files of ours: what lies beside those of external libraries is not (`infra.storage.outside`)."""

Kind = Literal["original", "file", "profile"]


class StoredObject(NamedTuple):
    """What a row says of an object. `row_id` is that of the asset, or of the user for `profile`. `size` in bytes and
    `checksum`, SHA-1 in base64, where they are known. `type` and `is_edited` name the row of a `file`."""

    key: str
    kind: Kind
    owner_id: str
    row_id: str
    size: int | None = None
    checksum: str | None = None
    type: str = ""
    is_edited: bool = False


def stored_objects(owner_id: str | None = None, *, after: str | None = None) -> Iterator[list[StoredObject]]:
    """The objects of every asset and account, or of one owner's, in portions, by the id of the asset; only of those
    `after` one. What is made or deleted meanwhile may be among them or not. Originals in the trash are left out, and
    those that are not ours, in external libraries."""
    yield from _of_assets(owner_id, after)
    accounts = User.select(User.profile_image_key, User.id).where(User.profile_image_key != "")
    if owner_id is not None:
        accounts = accounts.where(User.id == owner_id)
    if images := [StoredObject(key, "profile", user_id, user_id) for key, user_id in accounts.tuples()]:
        yield images


def all_keys() -> Any:
    """A query of the same, without asking whose: (key, size, checksum)."""
    originals = (Asset.select(Asset.storage_key, AssetExif.file_size_in_byte, Asset.checksum)
                 .join(AssetExif, JOIN.LEFT_OUTER).where(Asset.library_id.is_null(), ~Asset.is_offline))
    files = AssetFile.select(AssetFile.storage_key, AssetFile.size_in_byte, SQL("NULL")).where(_OURS)
    images = User.select(User.profile_image_key, SQL("NULL"), SQL("NULL")).where(User.profile_image_key != "")
    return originals.union_all(files).union_all(images)


def count_originals() -> int:
    """How many originals there are, of all owners."""
    return Asset.select().where(Asset.library_id.is_null(), ~Asset.is_offline).count()


def asset_objects(asset_ids: Iterable[str]) -> list[StoredObject]:
    """The objects of these assets; not the originals of those in the trash."""
    named = Asset.id.in_(many(asset_ids))
    rows = (Asset.select(Asset.storage_key, Asset.owner, Asset.id, AssetExif.file_size_in_byte, Asset.checksum)
            .join(AssetExif, JOIN.LEFT_OUTER)
            .where(named, Asset.library_id.is_null(), ~Asset.is_offline, Asset.deleted_at.is_null()).tuples())
    files = (AssetFile.select(AssetFile.storage_key, Asset.owner, Asset.id, AssetFile.size_in_byte, AssetFile.type,
                              AssetFile.is_edited).join(Asset).where(named, _OURS).tuples())
    found = [StoredObject(key, "original", *rest) for key, *rest in rows]
    return found + [StoredObject(key, "file", owner, asset_id, size, None, kind, bool(is_edited))
                    for key, owner, asset_id, size, kind, is_edited in files]


def all_folders() -> list[str]:
    """All folders whose objects belong to a row: the core's, and those of the enabled plugins."""
    return [*FOLDERS, *runtime.plugins.stored_objects]


def without_row(keys_and_rows: list[tuple[str, str]]) -> list[str]:
    """Of (key, id of the row it should belong to) the keys that no row has."""
    ids = many({row_id for _, row_id in keys_and_rows})
    queries = [
        Asset.select(Asset.storage_key).where(Asset.id.in_(ids)),
        AssetFile.select(AssetFile.storage_key).where(AssetFile.asset.in_(ids)),
        User.select(User.profile_image_key).where(User.id.in_(ids)),
        *(objects.known(ids) for objects in runtime.plugins.stored_objects.values()),
    ]
    known = {key for query in queries for key, in query.tuples()}
    return [key for key, _ in keys_and_rows if key not in known]


def is_derived(found: StoredObject) -> bool:
    """Can the object be made again from its original?"""
    return found.kind == "file" and found.type != AssetFileType.SIDECAR


def _of_assets(owner_id: str | None, after: str | None) -> Iterator[list[StoredObject]]:
    query = Asset.select(Asset.id).order_by(Asset.id).limit(PORTION)
    if owner_id is not None:
        query = query.where(Asset.owner == owner_id)
    while ids := [asset_id for asset_id, in (query.where(Asset.id > after) if after else query).tuples()]:
        yield asset_objects(ids)
        after = ids[-1]
