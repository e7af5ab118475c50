"""The face that stands for somebody, and the small picture of it.

It is never one on a picture in the locked folder, which nobody sees without the PIN.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from immich_flask.contracts.enums import AssetVisibility, JobName
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.jobs import enqueue_many
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from immich_flask.infra.sql import update_each
from plugins.people.access import SHOWN
from plugins.people.models import AssetFace, Person

UNLOCKED = Asset.visibility != AssetVisibility.LOCKED
"""The condition for assets of which something may be shown to whoever sees the owner's people."""

FIT = UNLOCKED & Asset.deleted_at.is_null() & ~Asset.is_offline
"""The condition for assets whose faces are chosen to stand for somebody."""


def choose(condition: Any) -> None:
    """Give those of the people for whom `condition` holds, and who have none, a face that stands for them: the first
    one on a picture of the timeline if there is one. In a transaction that has locked the owner."""
    rows = (AssetFace.select(AssetFace.person, AssetFace.id)
            .join(Person, on=Person.id == AssetFace.person).switch(AssetFace).join(Asset)
            .where(condition, Person.feature_face_id.is_null(), SHOWN, FIT)
            .order_by(Asset.visibility != AssetVisibility.TIMELINE, AssetFace.created_at, AssetFace.id).tuples())
    chosen: dict[str, dict] = {}
    for person_id, face_id in rows:
        chosen.setdefault(person_id, {"feature_face_id": face_id})
    if chosen:
        update_each(Person, chosen)
        draw(chosen)


def choose_anew(faces: Any) -> None:
    """Where one of `faces`, a query of ids, stands for somebody other than whom it shows, let another do so; without
    another there is no picture any more. In a transaction that has locked the owner."""
    astray = (AssetFace.select(AssetFace.id).join(Person, on=Person.feature_face_id == AssetFace.id)
              .where(AssetFace.id.in_(faces), AssetFace.person.is_null() | (AssetFace.person != Person.id)))
    people = [person_id for person_id, in
              Person.select(Person.id).where(Person.feature_face_id.in_(astray)).tuples()]
    if people:
        forget(Person.id.in_(many(people)))
        choose(Person.id.in_(many(people)))


def forget(condition: Any) -> None:
    """Take the face that stands for them, and the picture of it, from the people for whom `condition` holds."""
    rows = list(Person.select(Person.id, Person.thumbnail_key).where(condition).tuples())
    if rows:
        (Person.update(feature_face_id=None, thumbnail_key="", thumbnail_asset_id=None)
         .where(Person.id.in_(many([person_id for person_id, _ in rows]))).execute())
        remove_objects([key for _, key in rows if key])


def draw(person_ids: Iterable[str]) -> None:
    """Have the pictures of these people made (again)."""
    enqueue_many(JobName.PERSON_GENERATE_THUMBNAIL, ({"id": person_id} for person_id in person_ids),
                 unless_waiting=True)
