"""What is done to all assets of an account at once."""

from __future__ import annotations

from peewee import fn

from immich_flask.core.assets import trash
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.db import atomic

AT_ONCE = 500
"""Assets per transaction: others get their turn to write in between."""


def delete_assets_of(owner_id: str) -> None:
    """Delete every asset of an account for good."""
    some = Asset.select(Asset.id).where(Asset.owner == owner_id).limit(AT_ONCE).tuples()
    while ids := [asset_id for asset_id, in some.clone()]:
        trash.delete(ids)


def recount_usage(owner_id: str | None = None) -> None:
    """Set the used bytes of an account, or of all, to what its assets take; a crash or a bug can make them drift.

    Touches only accounts whose number is wrong: every touched row is sent to the clients again.
    """
    size = (Asset.select(fn.COALESCE(fn.SUM(AssetExif.file_size_in_byte), 0)).join(AssetExif)
            .where(Asset.owner == User.id, Asset.library_id.is_null()))
    accounts = User.quota_usage_in_bytes != size
    if owner_id is not None:
        accounts &= User.id == owner_id
    with atomic():
        User.update(quota_usage_in_bytes=size).where(accounts).execute()
