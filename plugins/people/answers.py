"""People as the wire shows them (`PersonResponse`), built from plain rows."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.infra.db import many
from immich_flask.infra.fields import wire
from immich_flask.infra.sql import Lookup
from plugins.people.access import SHOWN
from plugins.people.models import AssetFace, Person

COLUMNS = (Person.id, Person.name, wire(Person.birth_date), Person.thumbnail_key, Person.is_hidden, Person.is_favorite,
           Person.color, wire(Person.updated_at))


def answer(person_id: str, name: str, birth_date: Any, thumbnail_key: str, is_hidden: bool, is_favorite: bool,
           color: str | None, updated_at: str) -> dict:
    """`PersonResponse` for a row of `COLUMNS`."""
    person = {
        "id": person_id,
        "name": name,
        "birthDate": None if birth_date is None else str(birth_date),
        "thumbnailPath": thumbnail_key,
        "isHidden": bool(is_hidden),
        "isFavorite": bool(is_favorite),
        "updatedAt": updated_at,
    }
    if color is not None:
        person["color"] = color
    return person


def of_assets(auth: Auth, asset_ids: list[str]) -> dict[str, list[dict]]:
    """The caller's people on assets, by the ids of the assets; each once, from the left. One query."""
    if auth.shared_link is not None:
        return {}
    found: dict[str, dict[str, dict]] = {}
    for asset_id, *row in _on_assets.rows(asset_ids, auth.user_id):
        found.setdefault(asset_id, {}).setdefault(row[0], answer(*row))
    return {asset_id: list(people.values()) for asset_id, people in found.items()}


_on_assets = Lookup(lambda asset_ids, user_id: (
    AssetFace.select(AssetFace.asset, *COLUMNS).join(Person)
    .where(AssetFace.asset.in_(many(asset_ids)), Person.owner == user_id, SHOWN)
    .order_by(AssetFace.x1, AssetFace.id)))
