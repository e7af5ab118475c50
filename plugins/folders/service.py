"""Directories of the caller's timeline, and what is directly in one (server/src/repositories/view-repository.ts)."""

from __future__ import annotations

from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import visible
from immich_flask.core.models import Asset

# All characters that are no slash are trimmed from the end: what remains goes to the last slash. Both databases can.
_DIRECTORY = fn.RTRIM(Asset.original_path, fn.REPLACE(Asset.original_path, "/", ""))


def directories(auth: Auth) -> list[str]:
    """The directories with assets in them, sorted, without a slash at the end."""
    rows = _mine(auth, _DIRECTORY).distinct().tuples()
    return sorted(path.removesuffix("/") for path, in rows)


def assets_in(auth: Auth, path: str) -> list[dict]:
    """The assets directly in any directory whose path ends with `path`, by file name. The root is an empty path."""
    ending = path.removesuffix("/") + "/"
    if ending == "/":
        inside = _DIRECTORY == "/"
    else:
        # No LIKE: names may hold its wildcards, and SQLite's does not tell upper from lower case.
        inside = fn.SUBSTR(_DIRECTORY, fn.LENGTH(_DIRECTORY) - len(ending) + 1) == ending
    name = fn.SUBSTR(Asset.original_path, fn.LENGTH(_DIRECTORY) + 1)
    return assets_response(auth, _mine(auth, *ASSET_COLUMNS).where(inside).order_by(name, Asset.id).tuples(), exif=True)


def _mine(auth: Auth, *columns: Any) -> Any:
    return visible(auth, "asset.read", *columns).where(
        Asset.owner == auth.user_id, Asset.visibility == AssetVisibility.TIMELINE, Asset.deleted_at.is_null())
