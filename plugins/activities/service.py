"""Commenting and liking (server/src/services/activity.service.ts)."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AlbumUserRole, AssetVisibility, ReactionLevel, ReactionType
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.models import Asset, User
from immich_flask.core.users import user_response
from immich_flask.core.users.answers import PUBLIC_COLUMNS
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import wire
from immich_flask.infra.sql import for_key_share, for_update
from plugins.activities.models import Activity
from plugins.albums.api import Album, AlbumAsset, AlbumUser, require_album

SHOWN = Asset.deleted_at.is_null() & (Asset.visibility != AssetVisibility.LOCKED)
"""The condition for assets about which others may hear."""


def activities(auth: Auth, album_id: str, *, asset_id: str | None = None, level: ReactionLevel | None = None,
               type: ReactionType | None = None, user_id: str | None = None) -> list[dict]:
    """What was said and liked in an album, oldest first; of an asset, of the album itself (`level` album, whatever the
    asset), of a user. Raises NoAccess(album.read)."""
    require_album(auth, album_id, Permission.ALBUM_READ)
    conditions = [Activity.album == album_id]
    if level == ReactionLevel.ALBUM:
        conditions.append(Activity.asset_id.is_null())
    elif asset_id is not None:
        conditions.append(Activity.asset_id == asset_id)
    if type is not None:
        conditions.append(Activity.is_liked == (type == ReactionType.LIKE))
    if user_id is not None:
        conditions.append(Activity.user == user_id)
    return _answers(*conditions)


def statistics(auth: Auth, album_id: str, asset_id: str | None = None) -> dict:
    """How many comments and likes there are in an album, or about an asset in it. Raises NoAccess(album.read)."""
    require_album(auth, album_id, Permission.ALBUM_READ)
    query = _shown(fn.COUNT(Activity.id), fn.COUNT(Activity.comment)).where(Activity.album == album_id)
    if asset_id is not None:
        query = query.where(Activity.asset_id == asset_id)
    count, comments = query.tuples().get()
    return {"comments": comments, "likes": count - comments}


def create(auth: Auth, album_id: str, type: ReactionType, *, asset_id: str | None = None,
           comment: str | None = None) -> tuple[dict, bool]:
    """Comment on, or like, an album or an asset in it; the answer, and whether it is new: a second like of the same is
    the first one.

    Raises NoAccess(activity.create) unless the caller is in the album and it takes activity, BadRequest for an asset
    that is not shown in it.
    """
    is_like = type == ReactionType.LIKE
    with atomic():
        _require_open(auth, album_id)
        if asset_id is not None and not _holds(album_id, asset_id):
            raise BadRequest("Asset is not in the album")
        if is_like and (known := _like_of(auth.user_id, album_id, asset_id)):
            return _answers(Activity.id == known)[0], False
        made = Activity.create(album=album_id, asset_id=asset_id, user=auth.user_id, is_liked=is_like,
                               comment=None if is_like else comment)
        return _answers(Activity.id == made.id)[0], True


def delete(auth: Auth, activity_id: str) -> None:
    """Take back what one said, or what anybody said in one's own album. Raises NoAccess(activity.delete)."""
    owned = AlbumUser.select(AlbumUser.album).where(AlbumUser.user == auth.user_id,
                                                    AlbumUser.role == AlbumUserRole.OWNER)
    mine = (Activity.user == auth.user_id) | Activity.album.in_(owned)
    with atomic():
        if not Activity.delete().where(Activity.id == activity_id, mine).execute():
            raise NoAccess(Permission.ACTIVITY_DELETE)


def _require_open(auth: Auth, album_id: str) -> None:
    # Locked: of two likes at once the second has to find the first.
    member = for_update(AlbumUser.select().where(AlbumUser.album == album_id, AlbumUser.user == auth.user_id))
    takes_activity = Album.select().where(Album.id == album_id, Album.is_activity_enabled, Album.deleted_at.is_null())
    if member.tuples().first() is None or not takes_activity.exists():
        raise NoAccess(Permission.ACTIVITY_CREATE)


def _holds(album_id: str, asset_id: str) -> bool:
    link = (AlbumAsset.select(AlbumAsset.asset).join(Asset)
            .where(AlbumAsset.album == album_id, AlbumAsset.asset == asset_id, SHOWN))
    # Held, because the new row will refer to it.
    return for_key_share(link).tuples().first() is not None


def _like_of(user_id: str, album_id: str, asset_id: str | None) -> str | None:
    target = Activity.asset_id.is_null() if asset_id is None else Activity.asset_id == asset_id
    row = Activity.select(Activity.id).where(Activity.album == album_id, Activity.user == user_id, Activity.is_liked,
                                             target).tuples().first()
    return row[0] if row else None


def _shown(*columns: Any) -> Any:
    """Query of activities; those about hidden assets and those of deleted accounts are not shown."""
    return (Activity.select(*columns).join(User)
            .join_from(Activity, Asset, JOIN.LEFT_OUTER, on=Asset.id == Activity.asset_id)
            .where(User.deleted_at.is_null(), Activity.asset_id.is_null() | SHOWN))


def _answers(*conditions: Any) -> list[dict]:
    columns = (Activity.id.alias("activity_id"), Activity.asset_id, wire(Activity.created_at).alias("said_at"),
               Activity.comment, Activity.is_liked, *PUBLIC_COLUMNS)
    rows = _shown(*columns).where(*conditions).order_by(Activity.created_at, Activity.update_id).namedtuples()
    return [{
        "id": row.activity_id,
        "assetId": row.asset_id,
        "createdAt": row.said_at,
        "comment": row.comment,
        "type": ReactionType.LIKE if row.is_liked else ReactionType.COMMENT,
        "user": user_response(row),
    } for row in rows]
