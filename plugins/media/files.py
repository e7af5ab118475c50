"""The pictures made of an asset: how they shall look, where they are stored, and their rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetFileType
from immich_flask.core.assets.keys import derived_key
from immich_flask.core.assets.objects import discard, remove_objects
from immich_flask.core.models import Asset, AssetFile
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.infra.sql import Lookup
from plugins.media.images import Rendered, RenditionSpec

KINDS = (AssetFileType.PREVIEW, AssetFileType.THUMBNAIL, AssetFileType.FULLSIZE)
EXTENSIONS = {"jpeg": ".jpeg", "webp": ".webp"}

Stored = Mapping[AssetFileType, tuple[str, int]]
"""Storage key and bytes of each file."""


def spec(kind: AssetFileType) -> RenditionSpec:
    """How the administrator wants pictures of this kind."""
    options = setting(f"image.{kind}")
    return RenditionSpec(options["format"], options.get("size"), options["quality"], options["progressive"])


def store(asset: Asset, rendered: Rendered, *, edit: str = "") -> Stored:
    """Put the rendered pictures into the storage. `edit`: see `keys.derived_key`."""
    contents = {AssetFileType.PREVIEW: rendered.preview, AssetFileType.THUMBNAIL: rendered.thumbnail,
                AssetFileType.FULLSIZE: rendered.fullsize}
    files = {}
    for kind, content in contents.items():
        if content is not None:
            key = derived_key(kind, asset.owner_id, asset.id, EXTENSIONS[setting(f"image.{kind}.format")], edit=edit)
            runtime.storage.put(key, [content], content_type=media_types.mime_type(key))
            files[kind] = (key, len(content))
    return files


def drop(files: Stored) -> None:
    """Take stored files back that no row will name."""
    discard([key for key, _ in files.values()])


def _replaced(asset_id: object, *, is_edited: bool) -> object:
    return (AssetFile.delete().where(AssetFile.asset == asset_id, AssetFile.type.in_(KINDS),
                                     AssetFile.is_edited if is_edited else ~AssetFile.is_edited)
            .returning(AssetFile.storage_key))


_ADDED = Lookup(lambda asset_id, kind, is_edited, key, size: AssetFile.insert(
    asset=asset_id, type=kind, is_edited=is_edited, storage_key=key, size_in_byte=size).returning(AssetFile.asset))

_REPLACED, _REPLACED_UNEDITED = (Lookup(partial(_replaced, is_edited=is_edited)) for is_edited in (True, False))


def replace(asset_id: str, files: Stored, *, is_edited: bool) -> None:
    """Make `files` all the pictures that the asset has, of the original or of its edit; those it had before go. In a
    transaction that knows that the asset exists."""
    replaced = _REPLACED if is_edited else _REPLACED_UNEDITED
    old = {key for key, in replaced.rows(asset_id)}
    for kind, (key, size) in files.items():
        _ADDED.rows(asset_id, kind, is_edited, key, size)
    remove_objects(old - {key for key, _ in files.values()})
