"""Albums as the wire shows them (`AlbumResponseDto`); the one home for that.

The same album looks different by the call that asks (recorded from the original): lists and the single album give the
dates of its assets as days, and say when one last changed; the answers to changes, and links, give instants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AlbumUserRole
from immich_flask.core.models import Asset, User
from immich_flask.core.runtime import runtime
from immich_flask.core.users import user_response
from immich_flask.core.users.answers import PUBLIC_COLUMNS, PublicUser
from immich_flask.infra.db import many
from immich_flask.infra.fields import wire
from immich_flask.infra.sql import Lookup
from immich_flask.infra.unchanged import unchanged
from plugins.albums.covers import COVER, shown_assets
from plugins.albums.models import Album, AlbumAsset, AlbumUser

ALBUM_COLUMNS = (
    Album.id, Album.name, Album.description, COVER, wire(Album.created_at), wire(Album.updated_at),
    Album.is_activity_enabled, Album.order,
)
"""What the answers need of a row; select them with `.tuples()`."""

LINK_FIELD = "hasSharedLink"
"""The field of albums that another plugin fills (hook `response_fields`, kind `album`)."""

RANK = Case(AlbumUser.role, ((AlbumUserRole.OWNER, 0), (AlbumUserRole.EDITOR, 1)), 2)


@dataclass(frozen=True, slots=True)
class Contents:
    """What an album shows: how many assets, the local dates of the first and the last, when one last changed."""

    count: int = 0
    first: str | None = None
    last: str | None = None
    changed: str | None = None

    def by_day(self) -> dict:
        if not self.count:
            return {"assetCount": 0}
        return {"startDate": _midnight(self.first), "endDate": _midnight(self.last), "assetCount": self.count,
                "lastModifiedAssetTimestamp": self.changed}

    def by_instant(self) -> dict:
        return {"startDate": self.first, "endDate": self.last, "assetCount": self.count} if self.count else {
            "assetCount": 0}


def album_responses(auth: Auth, rows: Iterable[tuple], *, shared: bool | None = None, links: bool = True) -> list[dict]:
    """The answers for rows of `ALBUM_COLUMNS`, in their order, with days. `shared`: only those that are, or are not.
    `links=False` does not ask whether there are shared links."""
    rows = list(rows)
    ids = [row[0] for row in rows]
    users, linked = members(ids, auth.user_id), linked_albums(auth, ids) if links else set()
    if shared is not None:
        rows = [row for row in rows if is_shared(len(users[row[0]]), row[0] in linked) == shared]
    inside = contents([row[0] for row in rows])
    return [_album(row, users[row[0]], row[0] in linked, inside[row[0]].by_day()) for row in rows]


def changed_response(auth: Auth, album_id: str) -> dict:
    """The answer to a change of an album, with instants."""
    row = Album.select(*ALBUM_COLUMNS).where(Album.id == album_id).tuples().get()
    return _album(row, members([album_id], auth.user_id)[album_id], bool(linked_albums(auth, [album_id])),
                  contents([album_id])[album_id].by_instant())


def link_responses(album_ids: Collection[str], *, with_contents: bool) -> dict[str, dict]:
    """`{id: answer}` for albums as they stand in shared links: without members; what is inside only when asked for.
    Hidden albums are left out."""
    rows = Album.select(*ALBUM_COLUMNS).where(Album.id.in_(many(album_ids)), Album.deleted_at.is_null()).tuples()
    inside = contents(album_ids) if with_contents else {}
    return {row[0]: _album(row, [], True, inside.get(row[0], Contents()).by_instant()) for row in rows}


def members(album_ids: Collection[str], viewer_id: str) -> dict[str, list[dict]]:
    """`[{user, role}]` by album: the owner, the editors, the viewers; among those the viewer himself first, the others
    by name. Soft-deleted accounts are listed too."""
    found: dict[str, list[dict]] = {album_id: [] for album_id in album_ids}
    # The same few people are in most of the albums.
    users: dict[str, dict] = {}
    for album_id, role, *user in _members.rows(list(album_ids), viewer_id):
        shown = users.get(user[0]) or users.setdefault(user[0], user_response(PublicUser._make(user)))
        found[album_id].append({"user": shown, "role": role})
    return found


_members = Lookup(lambda album_ids, viewer_id: (
    User.select(AlbumUser.album, AlbumUser.role, *PUBLIC_COLUMNS)
    .join(AlbumUser, on=AlbumUser.user == User.id).where(AlbumUser.album.in_(many(album_ids)))
    .order_by(RANK, Case(None, ((User.id == viewer_id, 0),), 1), User.name, User.id)))


def contents(album_ids: Collection[str]) -> dict[str, Contents]:
    """What each album shows; one query, none while nothing is written: it looks at each asset of each album."""
    ids = list(album_ids)
    return unchanged(("album contents", *ids), lambda: {
        **dict.fromkeys(ids, Contents()), **{album_id: Contents(*facts) for album_id, *facts in _contents.rows(ids)}})


_contents = Lookup(lambda album_ids: (
    shown_assets(AlbumAsset.album, fn.COUNT(Asset.id), fn.MIN(Asset.local_date_time), fn.MAX(Asset.local_date_time),
                 fn.MAX(Asset.updated_at))
    .where(AlbumAsset.album.in_(many(album_ids))).group_by(AlbumAsset.album)))


def contributor_counts(album_id: str) -> list[dict]:
    """Who has how many of the assets, most first."""
    rows = (shown_assets(Asset.owner, fn.COUNT(Asset.id)).where(AlbumAsset.album == album_id)
            .group_by(Asset.owner).order_by(fn.COUNT(Asset.id).desc(), Asset.owner).tuples())
    return [{"userId": user_id, "assetCount": count} for user_id, count in rows]


def is_shared(members: int, has_link: bool) -> bool:
    return members > 1 or has_link


def linked_albums(auth: Auth, ids: list[str]) -> set[str]:
    """Those of the albums to which there is a shared link."""
    if not ids:
        return set()
    return {album_id for some in runtime.plugins.hook.response_fields(kind="album", ids=ids, auth=auth)
            for field in some if field.name == LINK_FIELD for album_id, has in field.values.items() if has}


def _album(row: tuple, users: list[dict], has_link: bool, inside: Mapping[str, Any]) -> dict:
    album_id, name, description, cover, created_at, updated_at, is_activity_enabled, order = row
    return {
        "id": album_id,
        "albumName": name,
        "description": description,
        "albumThumbnailAssetId": cover,
        "createdAt": created_at,
        "updatedAt": updated_at,
        "albumUsers": users,
        "shared": is_shared(len(users), has_link),
        "hasSharedLink": has_link,
        "isActivityEnabled": bool(is_activity_enabled),
        "order": order,
        **inside,
    }


def _midnight(instant: str) -> str:
    return f"{instant[:10]}T00:00:00.000Z"
