"""Archives made while they are sent: no temporary file, and no more memory for many files than for one.

The standard library's `zipfile` writes to what cannot seek, puts sizes behind the data, and goes over to ZIP64 where a
file or the archive needs it. Nothing is compressed: pictures and films are already.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from dataclasses import dataclass
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require, select_assets
from immich_flask.core.models import Asset, AssetFile
from immich_flask.infra.db import many
from immich_flask.infra.fields import wire
from immich_flask.infra.storage.base import ObjectStream, Storage, StorageError
from plugins.download.names import Names

log = logging.getLogger(__name__)

DATES = ("1980-01-01T00:00:00", "2107-12-31T23:59:58")
"""The earliest and the latest that the format can say."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to be: `name` in the archive, `key` in the storage, `taken` the local date and time in ISO 8601."""

    name: str
    key: str
    taken: str


def entries(auth: Auth, asset_ids: list[str], *, edited: bool) -> list[Entry]:
    """The files for these assets, in this order, twice where an id is given twice. `edited`: as edited, where that was
    done; links show nothing else.

    Raises NoAccess(asset.download), unless all are the caller's to download; BadRequest for none.
    """
    if not asset_ids:
        raise BadRequest("assetIds must not be empty")
    edited = edited or auth.shared_link is not None
    rendition = AssetFile.alias()
    require(auth, asset_ids, Permission.ASSET_DOWNLOAD)
    rows = (select_assets(Asset.id, Asset.original_file_name, Asset.storage_key, rendition.storage_key,
                          wire(Asset.local_date_time))
            .left_outer_join(rendition, on=((rendition.asset == Asset.id) & rendition.is_edited
                                            & (rendition.type == AssetFileType.FULLSIZE)))
            .where(Asset.id.in_(many(asset_ids))).tuples())
    found = {asset_id: facts for asset_id, *facts in rows}
    if len(found) < len(set(asset_ids)):
        raise NoAccess(Permission.ASSET_DOWNLOAD)
    names = Names()
    return [Entry(names.unique(name), rendered if edited and rendered else key, taken)
            for name, key, rendered, taken in map(found.__getitem__, asset_ids)]


def stream(storage: Storage, files: list[Entry]) -> _Started:
    """The bytes of an archive. It needs no database; to close it ends the work.

    Raises StorageError for the first file at once, while the status of the answer can still say so. When another one
    cannot be read the answer breaks off: an archive with something missing must not look whole.
    """
    return _Started(_archive(storage, files))


class _Started:
    """A generator that has been run up to its first item."""

    def __init__(self, items: Generator[bytes, None, None]) -> None:
        self._items = items
        self._first = [next(items)]

    def __iter__(self) -> _Started:
        return self

    def __next__(self) -> bytes:
        return self._first.pop() if self._first else next(self._items)

    def close(self) -> None:
        self._items.close()


class _Outlet:
    """What `zipfile` writes to: keeps the pieces until they are sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(piece)
        return len(piece)

    def flush(self) -> None:
        """Part of what a file is; there is nothing to do."""

    def take(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def _archive(storage: Storage, files: list[Entry]) -> Generator[bytes, None, None]:
    outlet = _Outlet()
    try:
        with ZipFile(outlet, "w", ZIP_STORED) as archive:
            for entry in files:
                with storage.open(entry.key) as source, archive.open(_member(entry, source), "w") as member:
                    for chunk in source:
                        member.write(chunk)
                        yield from outlet.take()
    except StorageError as error:
        log.error("an archive was broken off: %s", error)
        raise
    yield from outlet.take()


def _member(entry: Entry, source: ObjectStream) -> ZipInfo:
    taken = min(max(entry.taken[:19], DATES[0]), DATES[1])
    member = ZipInfo(entry.name, tuple(map(int, re.split("[-T:]", taken))))
    # Decides whether this one needs ZIP64.
    member.file_size = source.info.size
    member.external_attr = 0o644 << 16
    return member
