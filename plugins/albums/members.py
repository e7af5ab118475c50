"""Sharing an album with other accounts, their roles, leaving."""

from __future__ import annotations

from collections.abc import Iterable

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AlbumUserRole
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.events import emit
from immich_flask.core.models import User
from immich_flask.infra.db import atomic, many
from plugins.albums.access import require_album
from plugins.albums.answers import changed_response
from plugins.albums.events import AlbumInvited
from plugins.albums.models import Album, AlbumUser


def add_users(auth: Auth, album_id: str, users: Iterable[tuple[str, AlbumUserRole]]) -> dict:
    """Share an album with users that are not in it yet; the others keep their roles. Returns the album.

    Raises NoAccess(album.share), BadRequest for a second owner or an unknown user; then nobody is added.
    """
    with atomic():
        require_album(auth, album_id, Permission.ALBUM_SHARE)
        if invite(auth, album_id, users):
            # A new member hears of the album itself only when it is newer than what he knows already.
            Album.update(name=Album.name).where(Album.id == album_id).execute()
        return changed_response(auth, album_id)


def invite(auth: Auth, album_id: str, users: Iterable[tuple[str, AlbumUserRole]]) -> bool:
    """Make members of those who are none yet; of one who is named twice the first role counts. Tells whether anybody
    was new. Raises BadRequest as `add_users` does."""
    wanted: dict[str, AlbumUserRole] = {}
    for user_id, role in users:
        if role == AlbumUserRole.OWNER:
            raise BadRequest("Cannot add another owner")
        wanted.setdefault(user_id, role)
    known = {user_id for user_id, in AlbumUser.select(AlbumUser.user).where(AlbumUser.album == album_id).tuples()}
    new = {user_id: role for user_id, role in wanted.items() if user_id not in known}
    if User.select().where(User.id.in_(many(new)), User.deleted_at.is_null()).count() < len(new):
        raise BadRequest("Invalid user")
    if not new:
        return False
    AlbumUser.insert_many([{"album": album_id, "user": user_id, "role": role} for user_id, role in new.items()]
                          ).on_conflict_ignore().execute()
    for user_id in new:
        emit(AlbumInvited(album_id, user_id, auth.user_id))
    return True


def set_role(auth: Auth, album_id: str, user_id: str, role: AlbumUserRole) -> None:
    """Change what a member may do; nothing happens to somebody who is none.

    Raises NoAccess(album.share), BadRequest for the owner's role, taken or given.
    """
    with atomic():
        require_album(auth, album_id, Permission.ALBUM_SHARE)
        if _role(album_id, user_id) == AlbumUserRole.OWNER:
            raise BadRequest("User is owner")
        if role == AlbumUserRole.OWNER:
            raise BadRequest("Cannot add another owner")
        AlbumUser.update(role=role).where(AlbumUser.album == album_id, AlbumUser.user == user_id).execute()


def remove_user(auth: Auth, album_id: str, user_id: str) -> None:
    """End a membership: everybody may leave, except for the owner; owner and editors may send others away.

    Raises NoAccess(album.share); BadRequest when there is no such album or member.
    """
    with atomic():
        if not Album.select().where(Album.id == album_id, Album.deleted_at.is_null()).exists():
            raise BadRequest("Album not found")
        role = _role(album_id, user_id)
        if role is None:
            raise BadRequest("Album not shared with user")
        if role == AlbumUserRole.OWNER:
            raise BadRequest("Cannot remove the last album owner")
        if user_id != auth.user_id:
            require_album(auth, album_id, Permission.ALBUM_SHARE)
        AlbumUser.delete().where(AlbumUser.album == album_id, AlbumUser.user == user_id).execute()


def _role(album_id: str, user_id: str) -> str | None:
    query = AlbumUser.select(AlbumUser.role).where(AlbumUser.album == album_id, AlbumUser.user == user_id)
    row = query.tuples().first()
    return row[0] if row else None
