"""Naming the places where pictures were taken, when their positions become known or change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Flask, current_app

from immich_flask.contracts.events import AssetMetadataExtracted, AssetsUpdated, ConfigUpdated
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import AssetExif
from immich_flask.core.runtime import runtime_of
from immich_flask.core.settings import setting
from immich_flask.infra.db import atomic, many
from immich_flask.infra.sql import Lookup, update_each
from plugins.map.places import Places

FILL_IN = "MapFillInPlaces"

PORTION = 1000

WHILE_ANOTHER_MAKES = timedelta(seconds=5)
"""Another worker makes the file of places, and names what it knows of; what came meanwhile has to wait so long."""

MOST_NAMED = 20
"""Places that a search for a name gives."""

_EXTENSION = "immich_flask.map"

_WITHOUT_PLACE = (AssetExif.latitude.is_null(False) & AssetExif.longitude.is_null(False)
                  & AssetExif.city.is_null() & AssetExif.state.is_null() & AssetExif.country.is_null())


def init(app: Flask) -> None:
    """Places beside the data of this app."""
    app.extensions[_EXTENSION] = Places(runtime_of(app).config.data_path)


def places() -> Places:
    return current_app.extensions[_EXTENSION]


def address_of(latitude: float, longitude: float) -> dict[str, str | None]:
    """`{city, state, country}`, None where there is no such name."""
    return asdict(places().address(latitude, longitude))


def places_called(name: str) -> list[dict]:
    """`PlacesResponseDto` for towns of that name, best first."""
    found = ({"name": place.name, "latitude": place.latitude, "longitude": place.longitude,
              "admin1name": place.state, "admin2name": place.county} for place in places().named(name, MOST_NAMED))
    return [{key: value for key, value in place.items() if value is not None} for place in found]


def when() -> str | None:
    """The cron line of `FILL_IN`: soon, when this machine has no file of places yet. So a new server makes it before
    anybody asks for a place: that takes a second, and the first pictures have enough to wait for."""
    return "* * * * *" if setting("reverseGeocoding.enabled") and not places().ready else None


def on_extracted(event: AssetMetadataExtracted) -> None:
    _name([event.asset_id])


def on_updated(event: AssetsUpdated) -> None:
    if event.changed & {"latitude", "longitude"}:
        _name(event.asset_ids)


def on_config(_event: ConfigUpdated) -> None:
    # What came while it was switched off.
    if setting("reverseGeocoding.enabled"):
        enqueue(FILL_IN, unless_waiting=True)


def fill_in() -> None:
    """Name the places of everything that has a position but no place, in portions."""
    if not setting("reverseGeocoding.enabled"):
        return
    if not places().make(wait=False):
        enqueue(FILL_IN, unless_waiting=True, delay=WHILE_ANOTHER_MAKES)
        return
    after = ""
    query = AssetExif.select(AssetExif.asset).where(_WITHOUT_PLACE).order_by(AssetExif.asset).limit(PORTION)
    # By the id, because what lies at sea is found again and again.
    while ids := [asset_id for asset_id, in (query.where(AssetExif.asset > after) if after else query).tuples()]:
        with atomic():
            _name(ids)
        after = ids[-1]


_UNNAMED = Lookup(lambda ids: AssetExif.select(AssetExif.asset, AssetExif.latitude, AssetExif.longitude).where(
    AssetExif.asset.in_(many(ids)), _WITHOUT_PLACE))


def _name(asset_ids: Iterable[str]) -> None:
    if not setting("reverseGeocoding.enabled"):
        return
    rows = _UNNAMED.rows(list(asset_ids))
    if not rows:
        return
    if not places().ready:
        # Making the file takes seconds, for which nobody should hold a transaction.
        enqueue(FILL_IN, unless_waiting=True)
        return
    known: dict[tuple[float, float], dict[str, Any]] = {}
    named = {}
    for asset_id, *position in rows:
        at = tuple(position)
        if at not in known:
            known[at] = address_of(*at)
        if known[at]["country"] is not None:
            named[asset_id] = known[at]
    update_each(AssetExif, named)
