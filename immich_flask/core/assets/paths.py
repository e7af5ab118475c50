"""`originalPath`: where a file seems to be, for people who look at folders.

`/{storage label or user id}/{year}/{local date}/{file name}`, made unique per owner. It says nothing about where the
bytes are, so it follows the date when that changes, and costs no move. Files of external libraries keep their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime

from immich_flask.core.models import Asset, User
from immich_flask.infra.db import chunks, many
from immich_flask.infra.fields import instant
from immich_flask.infra.sql import Lookup, text_list, update_each
from immich_flask.infra.storage.base import safe_segment


def new_path(owner_id: str, asset_id: str, filename: str, local_date_time: datetime) -> str:
    """The path of an asset that is about to be inserted. In a transaction that has locked the owner."""
    label, = _LABEL.first(owner_id)
    wanted = f"{_folder(label or owner_id, local_date_time)}/{safe_segment(filename)}"
    return _distinct(wanted, asset_id, _taken(owner_id, [wanted]))


_LABEL = Lookup(lambda owner_id: User.select(User.storage_label).where(User.id == owner_id))


def refresh_paths(asset_ids: Iterable[str]) -> None:
    """Let the paths of assets of one owner follow their local dates. In a transaction that has locked the owner.

    A constant number of statements per 500 assets.
    """
    moves = []
    for asset_id, owner_id, label, local, path, filename in _PATHS.rows(list(asset_ids)):
        folder = _folder(label or owner_id, instant(local))
        if os.path.dirname(path) != folder:
            moves.append((asset_id, owner_id, f"{folder}/{safe_segment(filename)}"))
    for some in chunks(moves):
        taken = _taken(some[0][1], [path for _, _, path in some])
        new = {}
        for asset_id, _, wanted in some:
            path = _distinct(wanted, asset_id, taken)
            taken.add(path)
            new[asset_id] = {"original_path": path}
        update_each(Asset, new)


_PATHS = Lookup(lambda ids: (
    Asset.select(Asset.id, Asset.owner, User.storage_label, Asset.local_date_time, Asset.original_path,
                 Asset.original_file_name)
    .join(User).where(Asset.id.in_(many(ids)), Asset.library_id.is_null())))


def _folder(label: str, local: datetime) -> str:
    return f"/{label}/{local.year:04}/{local.date().isoformat()}"


def _taken(owner_id: str, paths: list[str]) -> set[str]:
    return {path for path, in _TAKEN.rows(owner_id, paths)}


_TAKEN = Lookup(lambda owner_id, paths: Asset.select(Asset.original_path).where(
    Asset.owner == owner_id, Asset.original_path.in_(text_list(paths))))


def _distinct(wanted: str, asset_id: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    stem, extension = os.path.splitext(wanted)
    return f"{stem}+{asset_id[:8]}{extension}"
