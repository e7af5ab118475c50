"""People belong to one user, faces to whoever owns the picture. Nobody else hears of either, and no shared link does;
who sees a picture sees where faces are on it, without names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.core.assets.visible import any_of, own
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from plugins.people.models import AssetFace, Person

SHOWN = AssetFace.deleted_at.is_null() & AssetFace.is_visible
"""The condition for faces that are to be seen: neither put aside nor cut off."""


def mine(auth: Auth) -> Any:
    """The condition for the caller's people. A shared link has none."""
    return any_of([]) if auth.shared_link is not None else Person.owner == auth.user_id


def own_people(auth: Auth, person_ids: Iterable[str]) -> set[str]:
    """Those of the people that are the caller's."""
    query = Person.select(Person.id).where(mine(auth), Person.id.in_(many(person_ids))).tuples()
    return {person_id for person_id, in query}


def require_people(auth: Auth, person_ids: Iterable[str], permission: str) -> None:
    """Raise NoAccess(`permission`) unless all are the caller's."""
    wanted = set(person_ids)
    if own_people(auth, wanted) != wanted:
        raise NoAccess(permission)


def own_faces(auth: Auth, *conditions: Any) -> Any:
    """`SELECT id FROM asset_face` of those that the caller may change: on pictures of his, not in the trash, and in the
    locked folder only while it is open."""
    return (AssetFace.select(AssetFace.id).join(Asset)
            .where(own(auth, "asset.update"), Asset.deleted_at.is_null(), *conditions))


def require_face(auth: Auth, face_id: str, permission: str, *conditions: Any) -> None:
    """Raise NoAccess(`permission`) unless the caller may change the face."""
    if not own_faces(auth, AssetFace.id == face_id, *conditions).exists():
        raise NoAccess(permission)


def with_person(person_id: str, auth: Auth) -> Any:
    """The filter `personId`: pictures of one of the caller's people. Anybody else is on none."""
    return with_people([person_id], auth)


def with_people(person_ids: list[str], auth: Auth) -> Any:
    """The filter `personIds`: pictures that show each of them. The same one twice finds nothing; so it is on the real
    server."""
    if not person_ids:
        return SQL("1 = 1")
    found = (AssetFace.select(AssetFace.asset).join(Person)
             .where(Person.id.in_(many(person_ids)), mine(auth), SHOWN))
    if len(person_ids) > 1:
        found = found.group_by(AssetFace.asset).having(fn.COUNT(Person.id.distinct()) == len(person_ids))
    return Asset.id.in_(found)


def without_hidden(_value: bool, auth: Auth) -> Any:
    """The filter `withoutHiddenPeople`: pictures on which nobody is whom the caller does not want to see."""
    hidden = (AssetFace.select(SQL("1")).join(Person)
              .where(AssetFace.asset == Asset.id, mine(auth), Person.is_hidden, AssetFace.deleted_at.is_null()))
    return ~fn.EXISTS(hidden)
