"""Making, showing and removing digests."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility, NotificationLevel, NotificationType
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.events import UserNotified
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import visible
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, User
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.fields import now, wire
from immich_flask.infra.sql import for_update
from immich_flask_favorites_digest import settings
from immich_flask_favorites_digest.models import Digest, DigestAsset, FavoriteMark


def shown(user_id: str) -> Any:
    """The condition for what a digest tells of: neither archived nor locked, hidden or in the trash."""
    return (Asset.owner == user_id) & (Asset.visibility == AssetVisibility.TIMELINE) & Asset.deleted_at.is_null()


def untold(user_id: str) -> list[str]:
    """What became a favourite of the user's since the last digest, in that order."""
    query = (FavoriteMark.select(FavoriteMark.asset).join(Asset, on=Asset.id == FavoriteMark.asset)
             .where(FavoriteMark.owner == user_id, FavoriteMark.told_at.is_null(), shown(user_id))
             .order_by(FavoriteMark.marked_at, FavoriteMark.asset))
    return [asset_id for asset_id, in query.tuples()]


def users_with_news() -> list[tuple[str, str, int]]:
    """(id, address, number of favourites) of everybody whom a digest would tell of something; one query."""
    query = (User.select(User.id, User.email, fn.COUNT(Asset.id))
             .join(FavoriteMark, on=FavoriteMark.owner == User.id).join(Asset, on=Asset.id == FavoriteMark.asset)
             .where(User.deleted_at.is_null(), FavoriteMark.told_at.is_null(), shown(User.id))
             .group_by(User.id, User.email).order_by(User.email))
    return list(query.tuples())


def make(user_id: str) -> str | None:
    """A digest of what is new, and tell the user; its id. None when nothing is new, so that twice does no harm."""
    with atomic():
        # Of two at once the second waits, and finds nothing.
        for_update(User.select(User.id).where(User.id == user_id)).execute()
        asset_ids = untold(user_id)
        if not asset_ids:
            return None
        digest = Digest.create(user=user_id)
        for part in chunks(asset_ids):
            DigestAsset.insert_many([{"digest": digest.id, "asset": asset_id} for asset_id in part]).execute()
        FavoriteMark.update(told_at=now()).where(FavoriteMark.asset.in_(many(asset_ids))).execute()
        _remove_old(user_id)
        emit(UserNotified(user_id, NotificationType.CUSTOM, NotificationLevel.INFO, title(len(asset_ids)),
                          "What you marked since the last digest", {"favoritesDigestId": digest.id}))
    return digest.id


def title(count: int) -> str:
    return f"{count} new favourite{'' if count == 1 else 's'}"


def digests(auth: Auth) -> list[dict]:
    """The caller's digests, newest first; one query."""
    query = (Digest.select(Digest.id, wire(Digest.created_at), fn.COUNT(DigestAsset.asset))
             .join(DigestAsset, JOIN.LEFT_OUTER).where(Digest.user == auth.user_id)
             .group_by(Digest.id, Digest.created_at).order_by(Digest.created_at.desc(), Digest.id))
    return [_answer(*row) for row in query.tuples()]


def digest(auth: Auth, digest_id: str) -> dict:
    """One with its pictures, latest first. Raises NoAccess."""
    created_at = require(auth, digest_id)
    rows = list(visible(auth, "asset.read", *ASSET_COLUMNS)
                .where(in_digest(digest_id, auth), Asset.deleted_at.is_null())
                .order_by(Asset.file_created_at.desc(), Asset.id).tuples())
    return {**_answer(digest_id, created_at, len(rows)), "assets": assets_response(auth, rows)}


def remove(auth: Auth, digest_id: str) -> None:
    """Raises NoAccess. What it told of is not told again."""
    require(auth, digest_id)
    with atomic():
        Digest.delete().where(Digest.id == digest_id).execute()


def require(auth: Auth, digest_id: str) -> str:
    """When the digest was made. Raises NoAccess unless it is the caller's; whoever comes by a link has none."""
    query = Digest.select(wire(Digest.created_at)).where(Digest.id == digest_id, Digest.user == auth.user_id)
    found = None if auth.shared_link else query.tuples().first()
    if found is None:
        raise NoAccess("memory.read")
    return found[0]


def in_digest(digest_id: str, auth: Auth) -> Any:
    """The filter `favoritesDigestId`."""
    require(auth, digest_id)
    return Asset.id.in_(DigestAsset.select(DigestAsset.asset).where(DigestAsset.digest == digest_id))


def _remove_old(user_id: str) -> None:
    old = (Digest.select(Digest.id).where(Digest.user == user_id).order_by(Digest.created_at.desc(), Digest.id)
           .offset(settings.value("keep")).tuples())
    if ids := [digest_id for digest_id, in old]:
        Digest.delete().where(Digest.id.in_(ids)).execute()


def _answer(digest_id: str, created_at: str, count: int) -> dict:
    return {"id": digest_id, "createdAt": created_at, "assetCount": count}
