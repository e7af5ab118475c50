"""Which object answers a request for a picture or a film: one query for owners, one more for all others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import peewee

from immich_flask.contracts import media_types
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetMediaSize, AssetType
from immich_flask.contracts.errors import NoAccess, NotFound
from immich_flask.core.assets.visible import is_plainly_own, reachable
from immich_flask.core.models import Asset, AssetExif, AssetFile
from immich_flask.infra.fields import instant, wire
from immich_flask.infra.sql import Lookup
from immich_flask.infra.storage.outside import is_outside


@dataclass(frozen=True, slots=True)
class Media:
    """An object to send. `filename`: what a browser shall call it, None to say nothing about that. The others spare the
    storage a question where they are known: what identifies the bytes, how many they are, since when they are there."""

    key: str
    content_type: str
    filename: str | None = None
    etag: str | None = None
    size: int | None = None
    modified: datetime | None = None


def original(auth: Auth, asset_id: str, *, edited: bool) -> Media:
    """The uploaded file or, with `edited` and always for a link, the rendition of its edits, if there are any.

    Raises NotFound, whatever the reason (server/src/utils/file.ts).
    """
    row = _original.first(asset_id)
    if row is None or not _may(auth, asset_id, row, "asset.download"):
        raise NotFound()
    name, rendered, *stored = row[2:]
    if rendered is not None and (edited or auth.shared_link is not None):
        return Media(rendered, media_types.mime_type(rendered), _stem(name) + _extension(rendered))
    return _uploaded(*stored, filename=_stem(name) + _extension(stored[0]))


def thumbnail(auth: Auth, asset_id: str, size: AssetMediaSize, *, edited: bool) -> Media | Literal["original", "preview"]:
    """The file of a size, that of its edits with `edited` and always for a link; or the size to be sent to instead.

    A full size is made only of originals that browsers cannot display: the others are it themselves.
    Raises NoAccess(asset.view), and NotFound when the file was not made (yet).
    """
    row = _rendition[size].first(asset_id)
    if row is None or not _may(auth, asset_id, row, "asset.view"):
        raise NoAccess("asset.view")
    name, original_key, plain, rendered = row[2:]
    edited = edited or auth.shared_link is not None
    key = (rendered or plain) if edited else plain
    if size == AssetMediaSize.FULLSIZE:
        if media_types.is_web_image(original_key) and not edited:
            return "original"
        if key is None:
            return "preview"
    if key is None:
        raise NotFound("Asset media not found")
    hides_name = auth.shared_link is not None and not auth.shared_link.show_metadata
    stem = asset_id if hides_name else _stem(name)
    return Media(key, media_types.mime_type(key), f"{stem}_{size}{_extension(key)}")


def playback(auth: Auth, asset_id: str) -> Media:
    """The film in a form that browsers play, which is the original where no other was made.

    Raises NotFound, whatever the reason.
    """
    row = _film.first(asset_id)
    if row is None or row[2] != AssetType.VIDEO or not _may(auth, asset_id, row, "asset.view"):
        raise NotFound()
    _, _, _, key, *stored = row
    return Media(key, media_types.mime_type(key)) if key is not None else _uploaded(*stored)


def _select(asset_id: str, *columns: Any, files: tuple[tuple[Any, AssetFileType, bool], ...]) -> peewee.ModelSelect:
    """Owner, visibility and `columns` of an asset, joined with `files`: aliases of AssetFile, which type, of edits."""
    query = Asset.select(Asset.owner, Asset.visibility, *columns).where(Asset.id == asset_id)
    for file, kind, is_edited in files:
        query = query.left_outer_join(file, on=(
            (file.asset == Asset.id) & (file.type == peewee.SQL(f"'{kind}'"))
            & (file.is_edited if is_edited else ~file.is_edited)), src=Asset)
    return query


def _lookup_original(kind: AssetFileType, *columns: Any, is_edited: bool) -> Lookup:
    file = AssetFile.alias()
    return Lookup(lambda asset_id: _select(
        asset_id, *columns, file.storage_key, Asset.storage_key, Asset.checksum, AssetExif.file_size_in_byte,
        wire(Asset.created_at), files=((file, kind, is_edited),)).join(AssetExif, src=Asset))


def _lookup_rendition(kind: AssetFileType) -> Lookup:
    plain, edited = AssetFile.alias(), AssetFile.alias()
    return Lookup(lambda asset_id: _select(
        asset_id, Asset.original_file_name, Asset.storage_key, plain.storage_key, edited.storage_key,
        files=((plain, kind, False), (edited, kind, True))))


_original = _lookup_original(AssetFileType.FULLSIZE, Asset.original_file_name, is_edited=True)
_film = _lookup_original(AssetFileType.ENCODED_VIDEO, Asset.type, is_edited=False)
_rendition = {AssetMediaSize(kind): _lookup_rendition(kind) for kind in (
    AssetFileType.THUMBNAIL, AssetFileType.PREVIEW, AssetFileType.FULLSIZE)}


def _may(auth: Auth, asset_id: str, row: tuple, permission: str) -> bool:
    return is_plainly_own(auth, row[0], row[1]) or bool(reachable(auth, [asset_id], permission))


def _uploaded(key: str, checksum: str, size: int, created_at: str, filename: str | None = None) -> Media:
    if is_outside(key):
        # Others may change it at any time: the file itself knows best.
        return Media(key, media_types.mime_type(key), filename)
    return Media(key, media_types.mime_type(key), filename, checksum, size, instant(created_at))


def _stem(filename: str) -> str:
    return os.path.splitext(os.path.basename(filename))[0]


def _extension(key: str) -> str:
    return os.path.splitext(key)[1]
