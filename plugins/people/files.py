"""People that files name, with where they are: digiKam, Picasa, Lightroom and others write that into XMP.

Only where the administrator wants it (`metadata.faces.import`). What a user did about such a face, gave it to somebody
else or put it aside, outranks the file when that is read again.
"""

from __future__ import annotations

from collections.abc import Iterable

from immich_flask.contracts.enums import SourceType
from immich_flask.contracts.events import AssetMetadataExtracted, NamedRegion
from immich_flask.core.models.user import new_id
from immich_flask.core.settings import setting
from immich_flask.infra.db import many
from plugins.people import features
from plugins.people.models import AssetFace, Person

MAX_PER_FILE = 300
"""More is no group portrait."""


def on_extracted(event: AssetMetadataExtracted) -> None:
    """The file was read, in this transaction: the faces that it names are those that it says, at these places."""
    if not setting("metadata.faces.import"):
        return
    regions: dict[tuple[int, ...], str] = {}
    for region in filter(_is_usable, event.regions[:MAX_PER_FILE]):
        regions.setdefault(_corners(region), region.name.strip())
    known = {tuple(row[1:]): row[0] for row in AssetFace.select(
        AssetFace.id, AssetFace.image_width, AssetFace.image_height, AssetFace.x1, AssetFace.y1, AssetFace.x2,
        AssetFace.y2).where(AssetFace.asset == event.asset_id, AssetFace.source_type == SourceType.EXIF).tuples()}
    if gone := [face_id for place, face_id in known.items() if place not in regions]:
        people = [person_id for person_id, in
                  Person.select(Person.id).where(Person.feature_face_id.in_(many(gone))).tuples()]
        AssetFace.delete().where(AssetFace.id.in_(many(gone))).execute()
        if people:
            features.forget(Person.id.in_(many(people)))
            features.choose(Person.id.in_(many(people)))
    new = {place: name for place, name in regions.items() if place not in known}
    if new:
        people = _people(event.owner_id, new.values())
        AssetFace.insert_many([
            {"asset": event.asset_id, "person": people[name.lower()], "source_type": SourceType.EXIF,
             **dict(zip(("image_width", "image_height", "x1", "y1", "x2", "y2"), place, strict=True))}
            for place, name in new.items()]).execute()
        features.choose(Person.id.in_(many(set(people.values()))))


def _is_usable(region: NamedRegion) -> bool:
    left, top, right, bottom = region.box
    return bool(region.name.strip()) and left < right and top < bottom and left < 1 and top < 1 and right > 0 < bottom


def _corners(region: NamedRegion) -> tuple[int, ...]:
    left, top, right, bottom = region.box
    width, height = region.width, region.height
    return width, height, int(left * width), int(top * height), int(right * width), int(bottom * height)


def _people(owner_id: str, names: Iterable[str]) -> dict[str, str]:
    """The ids of the owner's people by their names in small letters, made where they are missing, as they are first
    written."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(name.lower(), name)
    found: dict[str, str] = {}
    rows = (Person.select(Person.name, Person.id).where(Person.owner == owner_id, Person.name != "")
            .order_by(Person.created_at, Person.id).tuples())
    for name, person_id in rows:
        if name.lower() in wanted:
            found.setdefault(name.lower(), person_id)
    made = {lowered: new_id() for lowered in wanted if lowered not in found}
    if made:
        Person.insert_many([{"id": person_id, "owner": owner_id, "name": wanted[lowered]}
                            for lowered, person_id in made.items()]).execute()
    return found | made
