"""Two ways to find the newest few of many assets, and choosing between them.

Walking the owner's assets from the newest on finds a page at once when much of the library fits, and takes long when
hardly anything does. Looking up all that fits, then sorting it, is the other way round. No planner knows beforehand how
frequent a word is or a camera; so it is tried out.
"""

from __future__ import annotations

from typing import Any

from peewee import Select

from immich_flask.core.assets.filters import either
from immich_flask.core.assets.visible import select_assets

FEW = 4000
"""As many of a library of 100,000 as take either way the same time, for a page of 250."""


class Wanted:
    """What a search asks for: one of `parts`, each a list of conditions on `Asset`, must hold as a whole. If `among` is
    not None, only these assets can fit."""

    def __init__(self, parts: list[list]) -> None:
        self.parts = parts
        self.among: set[str] | None = None

    def must(self, *conditions: Any) -> None:
        """Add conditions to all parts."""
        self.parts = [[*part, *conditions] for part in self.parts]

    def must_be(self, found: Select, *walking: Any) -> None:
        """Add a condition that can be said in two ways: `found` selects the ids of all assets that fit, by an index;
        `walking` are conditions that are quick to tell of one asset."""
        ids = {asset_id for asset_id, in found.limit(FEW + 1).tuples()}
        if len(ids) > FEW:
            self.must(*walking)
        else:
            self.among = ids if self.among is None else self.among & ids

    def select(self, *columns: Any) -> Any:
        """The query of the assets that fit."""
        return select_assets(*columns, among=self.among).where(*either(self.parts))
