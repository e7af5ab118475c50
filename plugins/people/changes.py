"""Making people, changing, merging and deleting them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import BulkIdErrorReason
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.assets.visible import reachable, require
from immich_flask.core.bulk import bulk_result
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.sql import update_each
from plugins.people import features, service
from plugins.people.access import own_people, require_people
from plugins.people.models import AssetFace, Person

FIELDS = {"name": "name", "birthDate": "birth_date", "isHidden": "is_hidden", "isFavorite": "is_favorite",
          "color": "color"}
"""What can be changed: the name on the wire, and the column."""

FEATURE = "featureFaceAssetId"


def create(auth: Auth, values: Mapping[str, Any]) -> dict:
    """Make somebody; `PersonResponse`."""
    with atomic():
        made = Person.create(owner=auth.user_id, **_columns(values))
        return service.person(auth, made.id)


def update(auth: Auth, person_id: str, changes: Mapping[str, Any]) -> dict:
    """Change one of the caller's people; what is absent stays. `PersonResponse`.

    Raises NoAccess(person.update); of the picture whose face shall stand for the person NoAccess(asset.read), and
    BadRequest where the person is not on it, or it cannot show anybody.
    """
    with atomic():
        quota.lock([auth.user_id])
        require_people(auth, [person_id], Permission.PERSON_UPDATE)
        columns = _columns(changes)
        if FEATURE in changes:
            require(auth, [changes[FEATURE]], Permission.ASSET_READ)
            faces = _feature_faces([(person_id, changes[FEATURE])])
            if not faces:
                raise BadRequest("Invalid assetId for feature face or asset is offline")
            columns["feature_face_id"] = faces[person_id, changes[FEATURE]]
        if columns:
            Person.update(columns).where(Person.id == person_id).execute()
        if FEATURE in changes:
            features.draw([person_id])
        return service.person(auth, person_id)


def update_many(auth: Auth, items: Sequence[Mapping[str, Any]]) -> list[dict]:
    """Change several; `BulkIdResponse` for each. A constant number of queries, at most one for each set of fields."""
    with atomic():
        quota.lock([auth.user_id])
        known = own_people(auth, {item["id"] for item in items})
        pairs = [(item["id"], item[FEATURE]) for item in items if item["id"] in known and FEATURE in item]
        allowed = reachable(auth, {asset_id for _, asset_id in pairs}, Permission.ASSET_READ) if pairs else set()
        faces = _feature_faces(pair for pair in pairs if pair[1] in allowed)
        changes: dict[str, dict[str, Any]] = {}
        drawn, results = set(), []
        for item in items:
            pair = (item["id"], item.get(FEATURE))
            if item["id"] not in known or FEATURE in item and pair not in faces:
                results.append(bulk_result(item["id"], BulkIdErrorReason.UNKNOWN))
                continue
            columns = _columns(item)
            if FEATURE in item:
                columns["feature_face_id"] = faces[pair]
                drawn.add(item["id"])
            changes.setdefault(item["id"], {}).update(columns)
            results.append(bulk_result(item["id"]))
        _write(changes)
        if drawn:
            features.draw(sorted(drawn))
    return results


def delete(auth: Auth, person_ids: Iterable[str]) -> None:
    """Delete people; their faces stay, as of nobody. Raises NoAccess(person.delete) unless all are the caller's."""
    ids = set(person_ids)
    with atomic():
        quota.lock([auth.user_id])
        require_people(auth, ids, Permission.PERSON_DELETE)
        remove(Person.id.in_(many(ids)))


def remove(condition: Any) -> int:
    """Delete the people for whom `condition` holds, with their pictures; returns how many. In a transaction."""
    rows = list(Person.select(Person.id, Person.thumbnail_key).where(condition).tuples())
    if rows:
        Person.delete().where(Person.id.in_(many([person_id for person_id, _ in rows]))).execute()
        remove_objects([key for _, key in rows if key])
    return len(rows)


def merge(auth: Auth, person_id: str, others: Sequence[str]) -> list[dict]:
    """Make others one with a person of the caller's, who takes over their faces and, where he has none, their name and
    day of birth. `BulkIdResponse` for each of them. Raises NoAccess(person.update), BadRequest to merge into itself."""
    if person_id in others:
        raise BadRequest("Cannot merge a person into themselves")
    with atomic():
        quota.lock([auth.user_id])
        require_people(auth, [person_id], Permission.PERSON_UPDATE)
        allowed = own_people(auth, others)
        gone: dict[str, None] = {}
        results = []
        for other in others:
            if other not in allowed:
                results.append(bulk_result(other, BulkIdErrorReason.NO_PERMISSION))
            elif other in gone:
                results.append(bulk_result(other, BulkIdErrorReason.NOT_FOUND))
            else:
                gone[other] = None
                results.append(bulk_result(other))
        if gone:
            _take_over(person_id, list(gone))
    return results


def _take_over(person_id: str, others: list[str]) -> None:
    rows = {row[0]: row[1:] for row in Person.select(Person.id, Person.name, Person.birth_date)
            .where(Person.id.in_(many([person_id, *others]))).tuples()}
    name, birth_date = rows[person_id]
    columns = {}
    for other in others:
        if not name and rows[other][0]:
            name = columns["name"] = rows[other][0]
        if birth_date is None and rows[other][1] is not None:
            birth_date = columns["birth_date"] = rows[other][1]
    if columns:
        Person.update(columns).where(Person.id == person_id).execute()
    AssetFace.update(person=person_id).where(AssetFace.person.in_(many(others))).execute()
    remove(Person.id.in_(many(others)))
    features.choose(Person.id == person_id)


def _feature_faces(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of each person on each asset the face that may stand for them, as far as there is one; one query."""
    pairs = list(pairs)
    if not pairs:
        return {}
    rows = (AssetFace.select(AssetFace.person, AssetFace.asset, AssetFace.id).join(Asset)
            .where(AssetFace.person.in_(many({person_id for person_id, _ in pairs})),
                   AssetFace.asset.in_(many({asset_id for _, asset_id in pairs})),
                   AssetFace.deleted_at.is_null(), ~Asset.is_offline, features.UNLOCKED)
            .order_by(AssetFace.is_visible, AssetFace.created_at.desc(), AssetFace.id).tuples())
    # Of several the one that can be seen, and the oldest of those: it comes last.
    return {(person_id, asset_id): face_id for person_id, asset_id, face_id in rows}


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {column: values[name] for name, column in FIELDS.items() if name in values}


def _write(changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Write columns of people by their ids."""
    alike: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for person_id, columns in changes.items():
        texts = {name: value.isoformat() if name == "birth_date" and value is not None else value
                 for name, value in sorted(columns.items())}
        if texts:
            alike.setdefault(tuple(texts), {})[person_id] = texts
    for rows in alike.values():
        for some in chunks(rows.items(), 10_000):
            update_each(Person, dict(some))
