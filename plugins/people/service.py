"""Listing, reading and finding people (server/src/services/person.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import SQL, Case, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import NoAccess, NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.models import Asset
from immich_flask.core.users.preferences import preferences
from immich_flask.infra.db import many
from plugins.people.access import SHOWN, mine, require_people
from plugins.people.answers import COLUMNS, answer
from plugins.people.fuzzy import Names
from plugins.people.models import AssetFace, Person

PAGE = 500
"""People of a page when the caller does not say."""

MOST_FOUND = 100

IN_TIMELINE = (Asset.visibility == AssetVisibility.TIMELINE) & Asset.deleted_at.is_null()
"""The condition for pictures that make somebody worth showing, and are counted."""


def people(auth: Auth, query: Mapping[str, Any]) -> dict:
    """`PeopleResponse`: a page of those who are on pictures of the timeline and have a name, or faces enough.

    The hidden last, favourites first; who has a name, is on most pictures, by name. Nothing is known of how much faces
    are alike: `closestPersonId` and `closestAssetId` change nothing, but there must be such a person of the caller's,
    with a face. Raises NotFound.
    """
    page, size = query.get("page", 1), query.get("size", PAGE)
    if "closestPersonId" in query and not Person.select().where(
            mine(auth), Person.id == query["closestPersonId"], Person.feature_face_id.is_null(False)).exists():
        raise NotFound("Person not found")
    faces = fn.COUNT(AssetFace.id)
    enough = preferences(auth.user_id)["people"]["minimumFaces"]
    found = (Person.select(*COLUMNS).join(AssetFace, on=AssetFace.person == Person.id).join(Asset)
             .where(mine(auth), SHOWN, IN_TIMELINE).group_by(Person.id)
             .having((Person.name != "") | (faces >= enough))
             .order_by(Person.is_hidden, Person.is_favorite.desc(), Person.name == "", faces.desc(), Person.name,
                       Person.created_at, Person.id))
    if not query.get("withHidden"):
        found = found.where(~Person.is_hidden)
    # One more than fits on the page tells whether there is a next one.
    rows = list(found.limit(size + 1).offset((page - 1) * size).tuples())
    total, hidden = _numbers(auth)
    return {"people": [answer(*row) for row in rows[:size]], "hasNextPage": len(rows) > size, "total": total,
            "hidden": hidden}


def person(auth: Auth, person_id: str) -> dict:
    """One of the caller's people. Raises NoAccess(person.read)."""
    row = Person.select(*COLUMNS).where(mine(auth), Person.id == person_id).tuples().first()
    if row is None:
        raise NoAccess(Permission.PERSON_READ)
    return answer(*row)


def statistics(auth: Auth, person_id: str) -> dict:
    """On how many pictures of the timeline somebody is. Raises NoAccess(person.read), as the real server says it."""
    require_people(auth, [person_id], Permission.PERSON_READ)
    count = (AssetFace.select(fn.COUNT(AssetFace.asset.distinct())).join(Asset)
             .where(AssetFace.person == person_id, SHOWN, IN_TIMELINE).scalar())
    return {"assets": count}


def thumbnail_key(auth: Auth, person_id: str) -> str:
    """Where the picture of somebody is stored. Raises NotFound, whatever the reason."""
    key = Person.select(Person.thumbnail_key).where(mine(auth), Person.id == person_id).scalar()
    if not key:
        raise NotFound()
    return key


def named(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """The caller's people whose names are like `name`, best first; the hidden among them if `withHidden`. Two queries,
    and a look at each of the names."""
    names = Person.select(Person.id, Person.name).where(mine(auth), Person.name != "")
    if not query.get("withHidden"):
        names = names.where(~Person.is_hidden)
    ids = Names(names.tuples()).like(query["name"])[:MOST_FOUND]
    rows = {row[0]: row for row in Person.select(*COLUMNS).where(Person.id.in_(many(ids))).tuples()} if ids else {}
    return [answer(*rows[person_id]) for person_id in ids if person_id in rows]


def _numbers(auth: Auth) -> tuple[int, int]:
    """How many of the caller's people are on pictures of the timeline, and how many of them are hidden."""
    seen = (AssetFace.select(SQL("1")).join(Asset).where(AssetFace.person == Person.id, SHOWN, IN_TIMELINE))
    hidden = Case(None, ((Person.is_hidden, 1),), 0)
    return (Person.select(fn.COUNT(SQL("*")), fn.COALESCE(fn.SUM(hidden), 0))
            .where(mine(auth), fn.EXISTS(seen)).tuples().get())
