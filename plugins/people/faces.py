"""Faces: showing them, drawing them by hand, giving them to somebody else, removing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import JOIN

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.assets.visible import require, select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, many
from immich_flask.infra.fields import now
from plugins.media.api import display_size, edits_of
from plugins.people import boxes, features, service
from plugins.people.access import SHOWN, own_faces, require_face, require_people
from plugins.people.answers import COLUMNS, answer
from plugins.people.models import AssetFace, Person

LARGEST = 1_000_000
"""Pixels of a side; no picture that is shown has more."""


def of_asset(auth: Auth, asset_id: str) -> list[dict]:
    """`AssetFaceResponse` of the faces on an asset, as it is shown, from the left; with those of the caller's people.
    Raises NoAccess(asset.read)."""
    require(auth, [asset_id], Permission.ASSET_READ)
    rows = (AssetFace.select(AssetFace.id, AssetFace.x1, AssetFace.y1, AssetFace.x2, AssetFace.y2,
                             AssetFace.image_width, AssetFace.image_height, AssetFace.source_type, Person.owner,
                             *COLUMNS)
            .join(Person, JOIN.LEFT_OUTER).where(AssetFace.asset == asset_id, SHOWN)
            .order_by(AssetFace.x1, AssetFace.id).tuples())
    place = _Shown(asset_id)
    answers = []
    for face_id, x1, y1, x2, y2, width, height, source_type, owner_id, *person in rows:
        (x1, y1, x2, y2), (width, height) = place(boxes.Box(x1, y1, x2, y2), boxes.Size(width, height))
        answers.append({
            "id": face_id, "boundingBoxX1": x1, "boundingBoxY1": y1, "boundingBoxX2": x2, "boundingBoxY2": y2,
            "imageWidth": width, "imageHeight": height, "sourceType": source_type,
            "person": answer(*person) if owner_id == auth.user_id else None})
    return answers


def create(auth: Auth, values: Mapping[str, Any]) -> None:
    """Draw a face of one of the caller's people on a picture of his, as it is shown, in a size of `imageWidth` to
    `imageHeight` pixels.

    Raises NoAccess(asset.update), NoAccess(person.read), and BadRequest for what is not on the picture.
    """
    asset_id, person_id = values["assetId"], values["personId"]
    with atomic():
        quota.lock([auth.user_id])
        require(auth, [asset_id], Permission.ASSET_UPDATE)
        require_people(auth, [person_id], Permission.PERSON_READ)
        size = boxes.Size(values["imageWidth"], values["imageHeight"])
        box = boxes.Box(values["x"], values["y"], values["x"] + values["width"], values["y"] + values["height"])
        _check(box, size)
        box, size = _as_it_came(asset_id, box, size)
        AssetFace.create(asset=asset_id, person=person_id, image_width=size.width, image_height=size.height,
                         x1=round(box.x1), y1=round(box.y1), x2=round(box.x2), y2=round(box.y2))
        features.choose(Person.id == person_id)


def reassign(auth: Auth, person_id: str, face_id: str) -> dict:
    """Give a face to one of the caller's people, whose `PersonResponse` this returns.

    Raises NoAccess(person.update) for the person, NoAccess(person.create) for the face, as the real server says it.
    """
    with atomic():
        quota.lock([auth.user_id])
        require_people(auth, [person_id], Permission.PERSON_UPDATE)
        require_face(auth, face_id, Permission.PERSON_CREATE, AssetFace.deleted_at.is_null())
        _give(person_id, [face_id])
        return service.person(auth, person_id)


def reassign_many(auth: Auth, person_id: str, data: Sequence[Mapping[str, str]]) -> list[dict]:
    """Give one of the caller's people the faces that others have on pictures, `[{personId, assetId}]`; one
    `PersonResponse` for each pair. Raises like `reassign`, and changes nothing then."""
    with atomic():
        quota.lock([auth.user_id])
        require_people(auth, [person_id], Permission.PERSON_UPDATE)
        pairs = {(pair["personId"], pair["assetId"]) for pair in data}
        found = {face_id for face_id, *pair in AssetFace.select(AssetFace.id, AssetFace.person, AssetFace.asset).where(
            AssetFace.person.in_(many({person for person, _ in pairs})),
            AssetFace.asset.in_(many({asset for _, asset in pairs})), AssetFace.deleted_at.is_null()).tuples()
            if tuple(pair) in pairs}
        allowed = {face_id for face_id, in own_faces(auth, AssetFace.id.in_(many(found))).tuples()} if found else set()
        if allowed != found:
            raise NoAccess(Permission.PERSON_CREATE)
        if found:
            _give(person_id, sorted(found))
        return [service.person(auth, person_id)] * len(data) if data else []


def delete(auth: Auth, face_id: str, *, force: bool) -> None:
    """Put a face aside, or remove it with `force`. Raises NoAccess(face.delete).

    Where it stood for somebody another takes its place; the picture of somebody's last one is kept.
    """
    with atomic():
        quota.lock([auth.user_id])
        require_face(auth, face_id, Permission.FACE_DELETE)
        person_ids = [person_id for person_id, in
                      Person.select(Person.id).where(Person.feature_face_id == face_id).tuples()]
        if force:
            AssetFace.delete().where(AssetFace.id == face_id).execute()
        else:
            AssetFace.update(deleted_at=now()).where(AssetFace.id == face_id).execute()
        if person_ids and force:
            features.choose(Person.id.in_(many(person_ids)))


def _give(person_id: str, face_ids: list[str]) -> None:
    AssetFace.update(person=person_id).where(AssetFace.id.in_(many(face_ids))).execute()
    features.choose_anew(many(face_ids))
    features.choose(Person.id == person_id)


def _check(box: boxes.Box, size: boxes.Size) -> None:
    if not (0 < size.width <= LARGEST and 0 < size.height <= LARGEST):
        raise BadRequest("The size of the picture is out of range")
    if box.x2 <= box.x1 or box.y2 <= box.y1:
        raise BadRequest("A face must have a width and a height")
    if box.x2 <= 0 or box.y2 <= 0 or box.x1 >= size.width or box.y1 >= size.height:
        raise BadRequest("The face is not on the picture")
    if max(map(abs, box)) > LARGEST:
        raise BadRequest("The face is out of range")


def _as_it_came(asset_id: str, box: boxes.Box, size: boxes.Size) -> tuple[boxes.Box, boxes.Size]:
    """A box drawn on a picture as it is shown, and the size of that, as on the picture before all edits."""
    steps = edits_of(asset_id)
    if not steps:
        return box, size
    shown, came = _sizes(asset_id)
    if shown is None or came is None:
        raise BadRequest("Asset does not have valid dimensions")
    scale = shown.width / size.width
    return boxes.original(box.scaled(scale, scale), steps, shown), came


def _sizes(asset_id: str) -> tuple[boxes.Size | None, boxes.Size | None]:
    """The size of an asset as it is shown, and as it came."""
    width, height, *came = (
        select_assets(Asset.width, Asset.height, AssetExif.exif_image_width, AssetExif.exif_image_height,
                      AssetExif.orientation).join(AssetExif).where(Asset.id == asset_id).tuples().get())
    return tuple(boxes.Size(*size) if all(size) else None for size in ((width, height), display_size(*came)))


class _Shown:
    """Where boxes of an asset are as it is shown, and in which size that is. Two queries, if it was edited."""

    def __init__(self, asset_id: str) -> None:
        self._steps = edits_of(asset_id)
        self._came = _sizes(asset_id)[1] if self._steps else None

    def __call__(self, box: boxes.Box, size: boxes.Size) -> tuple[boxes.Box, boxes.Size]:
        if not self._steps:
            return box, size
        came = self._came or size
        box = box.scaled(came.width / size.width, came.height / size.height)
        placed, shown = boxes.edited(box, self._steps, came)
        return boxes.Box(*map(int, placed)), shown
