"""How many bytes of originals an account has, and may have. Files of external libraries don't count."""

from __future__ import annotations

from collections.abc import Iterable

import peewee
from peewee import fn

from immich_flask.contracts.errors import BadRequest, Unauthorized
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.db import many
from immich_flask.infra.sql import Lookup, for_update

EXCEEDED = "Quota has been exceeded!"
"""The mobile app compares this text to end a backup."""


def lock(owner_ids: Iterable[str]) -> None:
    """Until the end of the transaction nobody else adds, changes or removes assets of these accounts.

    All who do take this lock first, so that none waits for another in a circle. SQLite has one writer anyway.
    """
    _LOCKED.rows(list(owner_ids))


_LOCKED = Lookup(lambda ids: for_update(User.select(User.id).where(User.id.in_(many(ids))).order_by(User.id)))


def charge(owner_id: str, size: int, *, limited: bool = True) -> None:
    """Add `size` bytes to the account; locks it likewise. In a transaction.

    Raises BadRequest when the quota does not admit that, unless it is not `limited`.
    """
    if not _CHARGED[limited].rows(owner_id, size):
        if User.select().where(User.id == owner_id).exists():
            raise BadRequest(EXCEEDED)
        raise Unauthorized("Authentication required")


def _charging(*, limited: bool) -> Lookup:
    def charged(owner_id: str, size: int) -> peewee.Query:
        grown = User.quota_usage_in_bytes + size
        room = [User.quota_size_in_bytes.is_null() | (grown <= User.quota_size_in_bytes)] if limited else []
        return User.update(quota_usage_in_bytes=grown).where(User.id == owner_id, *room).returning(User.id)

    return Lookup(charged)


_CHARGED = {limited: _charging(limited=limited) for limited in (False, True)}


def refund(owner_id: str, size: int) -> None:
    """Take `size` bytes off the account. In a transaction."""
    User.update(quota_usage_in_bytes=User.quota_usage_in_bytes - size).where(User.id == owner_id).execute()


def used_by(condition: peewee.Expression) -> dict[str, int]:
    """Bytes by owner of the assets that satisfy `condition`."""
    return dict(
        Asset.select(Asset.owner, fn.COALESCE(fn.SUM(AssetExif.file_size_in_byte), 0)).join(AssetExif)
        .where(Asset.library_id.is_null(), condition).group_by(Asset.owner).tuples())
