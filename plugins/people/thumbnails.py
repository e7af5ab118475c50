"""The job `PersonGenerateThumbnail`: a small picture of the face that stands for somebody."""

from __future__ import annotations

import secrets

from immich_flask.contracts.errors import Hopeless
from immich_flask.contracts.events import PersonThumbnailReady
from immich_flask.core.assets import quota
from immich_flask.core.assets.objects import discard, remove_objects
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic
from plugins.media.api import Undrawable, portrait
from plugins.people.features import UNLOCKED
from plugins.people.models import AssetFace, Person

FOLDER = "people"
"""Of the storage: `people/{owner}/{person}_{any}.jpeg`. Every picture has a name of its own, so that two runs which
overlap never write into each other's."""

SIDE = 250


def make(id: str) -> None:
    """Make the picture of a person, in place of the one before. Nothing, when nothing stands for the person any more,
    or when the film that does has no preview yet: when it has, this is queued again.

    Raises Hopeless when the file cannot be shown.
    """
    found = _face(id)
    if found is None:
        return
    owner_id, face_id, asset_id, width, height, *corners = found
    box = tuple(corner / side for corner, side in zip(corners, (width, height, width, height), strict=True))
    try:
        content = portrait(asset_id, box, SIDE)
    except Undrawable as error:
        raise Hopeless(f"there is no picture of a face on asset {asset_id}: {error}") from error
    if content is None:
        return
    key = f"{FOLDER}/{owner_id}/{id}_{secrets.token_hex(4)}.jpeg"
    runtime.storage.put(key, [content], content_type="image/jpeg")
    if not _write(id, owner_id, face_id, asset_id, key):
        discard([key])


def _face(person_id: str) -> tuple | None:
    return (AssetFace.select(Person.owner, AssetFace.id, AssetFace.asset, AssetFace.image_width, AssetFace.image_height,
                             AssetFace.x1, AssetFace.y1, AssetFace.x2, AssetFace.y2)
            .join(Person, on=Person.feature_face_id == AssetFace.id).switch(AssetFace).join(Asset)
            .where(Person.id == person_id, UNLOCKED).tuples().first())


def _write(person_id: str, owner_id: str, face_id: str, asset_id: str, key: str) -> bool:
    """False when something else stands for the person by now, or nothing may."""
    with atomic():
        quota.lock([owner_id])
        now_there = _face(person_id)
        if now_there is None or now_there[1] != face_id:
            return False
        old = Person.select(Person.thumbnail_key).where(Person.id == person_id).scalar()
        Person.update(thumbnail_key=key, thumbnail_asset_id=asset_id).where(Person.id == person_id).execute()
        if old:
            remove_objects([old])
        emit(PersonThumbnailReady(person_id, owner_id))
    return True
