"""Two ways to find the newest few of many assets, and choosing between them.

Walking the owner's assets from the newest on finds a page at once when much of the library fits, and takes long when
hardly anything does. Looking up all that fits, then sorting it, is the other way round. No planner knows beforehand how
frequent a text is or a camera; so it is tried out: look up to `FEW`.
"""

from __future__ import annotations

from typing import Any

from peewee import Select

from immich_flask.core.models import Asset
from immich_flask.infra.db import many

FEW = 1000


def few_or(found: Select, walking: Any) -> Any:
    """The condition for the assets whose ids `found` selects: a list when they are few, else the condition `walking`,
    which says the same and is cheap to ask of one asset."""
    ids = [asset_id for asset_id, in found.limit(FEW + 1).tuples()]
    return Asset.id.in_(many(ids)) if len(ids) <= FEW else walking
