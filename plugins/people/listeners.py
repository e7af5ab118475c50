"""What becomes of people and faces when something happens to pictures. All of it in the transaction of the event, whose
owner is locked."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.events import (
    AssetEdited,
    AssetReady,
    AssetsDeleted,
    AssetsLocked,
    AssetsMerged,
    AssetsRestored,
    AssetsUpdated,
)
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import chunks, many
from immich_flask.infra.sql import Lookup
from plugins.media.api import display_size
from plugins.people import boxes, features
from plugins.people.models import AssetFace, Person

ENOUGH = 0.5
"""Which part of a face a crop must leave for it to be seen (server/src/utils/editor.ts)."""


def on_taken_away(event: AssetsLocked | AssetsDeleted) -> None:
    """Whom one of these pictures stood for, another does, and nothing cut out of them is kept."""
    cut_out = Person.thumbnail_asset_id.in_(many(event.asset_ids))
    stands = Person.feature_face_id.in_(_faces_on(event.asset_ids))
    people = [person_id for person_id, in Person.select(Person.id).where(cut_out | stands).tuples()]
    if people:
        features.forget(Person.id.in_(many(people)))
    # Also for those of whom there was no picture yet: of a face that is gone nothing remains to tell whom it stood for.
    features.choose(Person.owner == event.owner_id)


def on_given_back(event: AssetsUpdated | AssetsRestored) -> None:
    """Who is on these pictures and had none to stand for him has one now."""
    if isinstance(event, AssetsUpdated) and "visibility" not in event.changed:
        return
    there = AssetFace.select(AssetFace.person).where(AssetFace.asset.in_(many(event.asset_ids)),
                                                     AssetFace.person.is_null(False))
    features.choose(Person.id.in_(there))


def on_ready(event: AssetReady) -> None:
    """The pictures of an asset were made, perhaps anew: so are those of whom it stands for."""
    people = [person_id for person_id, in _STOOD_FOR.rows([event.asset_id])]
    if people:
        features.draw(people)


_STOOD_FOR = Lookup(lambda asset_ids: Person.select(Person.id).where(Person.feature_face_id.in_(_faces_on(asset_ids))))


def on_edited(event: AssetEdited) -> None:
    """A crop may have cut faces off, or given them back."""
    rows = list(AssetFace.select(AssetFace.id, AssetFace.is_visible, AssetFace.image_width, AssetFace.image_height,
                                 AssetFace.x1, AssetFace.y1, AssetFace.x2, AssetFace.y2)
                .where(AssetFace.asset == event.asset_id).tuples())
    if not rows:
        return
    left = boxes.cropped_to(event.edits)
    size = select_assets(AssetExif.exif_image_width, AssetExif.exif_image_height, AssetExif.orientation).join(
        AssetExif).where(Asset.id == event.asset_id).tuples().get()
    width, height = display_size(*size)
    changed: dict[bool, list[str]] = {True: [], False: []}
    for face_id, was_visible, image_width, image_height, *corners in rows:
        box = boxes.Box(*corners).scaled((width or image_width) / image_width, (height or image_height) / image_height)
        is_visible = left is None or boxes.share_within(box, left) >= ENOUGH
        if is_visible != bool(was_visible):
            changed[is_visible].append(face_id)
    for is_visible, face_ids in changed.items():
        if face_ids:
            AssetFace.update(is_visible=is_visible).where(AssetFace.id.in_(many(face_ids))).execute()
    if changed[True]:
        features.choose(Person.id.in_(AssetFace.select(AssetFace.person).where(
            AssetFace.id.in_(many(changed[True])), AssetFace.person.is_null(False))))


def on_merged(event: AssetsMerged) -> None:
    """Who is on a picture that goes is on the one that stays, unless he is already."""
    stays = dict(event.pairs)
    rows = list(AssetFace.select().where(AssetFace.asset.in_(many({*stays, *stays.values()})),
                                         AssetFace.person.is_null(False), AssetFace.deleted_at.is_null())
                .order_by(AssetFace.created_at, AssetFace.id))
    there = {(face.asset_id, face.person_id) for face in rows}
    new = []
    for face in rows:
        target = (stays.get(face.asset_id), face.person_id)
        if target[0] is not None and target not in there:
            there.add(target)
            new.append(_copied(face, target[0]))
    for some in chunks(new):
        AssetFace.insert_many(some).execute()


def _copied(face: AssetFace, asset_id: str) -> dict[str, Any]:
    return {"asset": asset_id, "person": face.person_id, "image_width": face.image_width,
            "image_height": face.image_height, "x1": face.x1, "y1": face.y1, "x2": face.x2, "y2": face.y2,
            "source_type": face.source_type, "is_visible": face.is_visible}


def _faces_on(asset_ids: Any) -> Any:
    return AssetFace.select(AssetFace.id).where(AssetFace.asset.in_(many(asset_ids)))
