"""Which object answers a request for a picture or a film. One query each, access included."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from immich_flask.contracts import media_types
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetMediaSize, AssetType
from immich_flask.contracts.errors import NoAccess, NotFound
from immich_flask.core.assets.visible import visible
from immich_flask.core.models import Asset, AssetExif, AssetFile


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
    rendition = AssetFile.alias()
    row = (visible(auth, "asset.download", Asset.original_file_name, rendition.storage_key, *_ORIGINAL)
           .join(AssetExif)
           .left_outer_join(rendition, on=((rendition.asset == Asset.id) & rendition.is_edited
                                           & (rendition.type == AssetFileType.FULLSIZE)))
           .where(Asset.id == asset_id).tuples().first())
    if row is None:
        raise NotFound()
    name, rendered, *stored = row
    if rendered is not None and (edited or auth.shared_link is not None):
        return Media(rendered, media_types.mime_type(rendered), _stem(name) + _extension(rendered))
    return _original(*stored, filename=_stem(name) + _extension(stored[0]))


def thumbnail(auth: Auth, asset_id: str, size: AssetMediaSize, *, edited: bool) -> Media | Literal["original", "preview"]:
    """The file of a size, that of its edits with `edited` and always for a link; or the size to be sent to instead.

    A full size is made only of originals that browsers cannot display: the others are it themselves.
    Raises NoAccess(asset.view), and NotFound when the file was not made (yet).
    """
    edited = edited or auth.shared_link is not None
    file = AssetFile.alias()
    row = (visible(auth, "asset.view", Asset.original_file_name, Asset.storage_key, file.storage_key)
           .left_outer_join(file, on=((file.asset == Asset.id) & (file.type == size)))
           .where(Asset.id == asset_id)
           .order_by(file.is_edited.desc() if edited else file.is_edited.asc()).limit(1).tuples().first())
    if row is None:
        raise NoAccess("asset.view")
    name, original_key, key = row
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
    converted = AssetFile.alias()
    row = (visible(auth, "asset.view", converted.storage_key, *_ORIGINAL)
           .join(AssetExif)
           .left_outer_join(converted, on=((converted.asset == Asset.id)
                                           & (converted.type == AssetFileType.ENCODED_VIDEO)))
           .where(Asset.id == asset_id, Asset.type == AssetType.VIDEO).tuples().first())
    if row is None:
        raise NotFound()
    key, *stored = row
    return Media(key, media_types.mime_type(key)) if key is not None else _original(*stored)


_ORIGINAL = (Asset.storage_key, Asset.checksum, AssetExif.file_size_in_byte, Asset.created_at)


def _original(key: str, checksum: str, size: int, created_at: datetime, filename: str | None = None) -> Media:
    return Media(key, media_types.mime_type(key), filename, checksum, size, created_at)


def _stem(filename: str) -> str:
    return os.path.splitext(os.path.basename(filename))[0]


def _extension(key: str) -> str:
    return os.path.splitext(key)[1]
