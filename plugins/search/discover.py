"""What there is to search for: values to choose from, and a picture of each city.

The values of a column are found by stepping along its index from one to the next, and asking of each whether anything
in the caller's timeline has it. That takes as long as there are values, not assets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from peewee import SQL, Field, FieldAlias, ModelSelect, Select, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.core.assets.filters import plugin_conditions
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import db, many
from immich_flask.infra.texts import sort_key
from plugins.search.schemas import SearchSuggestionType

COLUMNS = {"country": AssetExif.country, "state": AssetExif.state, "city": AssetExif.city, "make": AssetExif.make,
           "model": AssetExif.model, "lensModel": AssetExif.lens_model}

SUGGESTED = {
    SearchSuggestionType.COUNTRY: ("country", ()),
    SearchSuggestionType.STATE: ("state", ("country",)),
    SearchSuggestionType.CITY: ("city", ("country", "state")),
    SearchSuggestionType.CAMERA_MAKE: ("make", ("model", "lensModel")),
    SearchSuggestionType.CAMERA_MODEL: ("model", ("make", "lensModel")),
    SearchSuggestionType.CAMERA_LENS_MODEL: ("lensModel", ("make", "model")),
}
"""The column of which values are suggested, and the parameters that narrow them down."""

EXPLORED = 12
"""Cities, and recent pictures, of the explore page."""

WORTH_IT = 5
"""Pictures of a city that is shown there (server/src/services/search.service.ts)."""


def suggestions(auth: Auth, query: Mapping[str, Any]) -> list[str | None]:
    """The values of a column in the timeline, sorted as people do, and None behind them if wanted."""
    name, narrowing = SUGGESTED[query["type"]]
    fitting = [COLUMNS[other] == query[other] for other in narrowing if query.get(other)]
    values = _Values(COLUMNS[name])
    shown = _timeline(auth)
    found = [value for value, in values.where(fn.EXISTS(values.of(shown, *fitting))).tuples() if value]
    answer: list[str | None] = sorted(found, key=sort_key)
    return [*answer, None] if query.get("includeNull") else answer


def cities(auth: Auth) -> list[dict]:
    """A picture of each city in the timeline, by the names of the cities."""
    values = _Values(AssetExif.city)
    one = values.of(_timeline(auth, Asset.type == AssetType.IMAGE)).limit(1)
    ids = [asset_id for _, asset_id in values.where(fn.EXISTS(one), one).tuples()]
    return sorted(_by_ids(auth, ids), key=lambda asset: sort_key(asset["exifInfo"]["city"] or ""))


def explore(auth: Auth) -> list[dict]:
    """Cities with some pictures of the caller's, and his latest. The web client knows both by their `fieldName`."""
    mine = [Asset.owner == auth.user_id, *_shown(), Asset.type == AssetType.IMAGE]
    values = _Values(AssetExif.city)
    one, enough = values.of(mine).limit(1), values.of(mine).limit(1).offset(WORTH_IT - 1)
    in_city = [asset_id for _, asset_id in values.where(fn.EXISTS(enough), one).limit(EXPLORED).tuples()]
    latest = select_assets(Asset.id).where(*mine).order_by(Asset.created_at.desc(), Asset.id).limit(EXPLORED).tuples()
    recent = [asset_id for asset_id, in latest]
    assets = {asset["id"]: asset for asset in _by_ids(auth, [*in_city, *recent], ("tags", "people"))}
    return [
        _field("exifInfo.city", assets, in_city, lambda asset: asset["exifInfo"]["city"]),
        _field("createdAt", assets, recent, lambda asset: asset["createdAt"]),
    ]


def _field(name: str, assets: Mapping[str, dict], ids: list[str], value: Any) -> dict:
    # What was changed or deleted since it was found is left out.
    items = ({"value": value(assets[at]), "data": assets[at]} for at in ids if at in assets)
    return {"fieldName": name, "items": [item for item in items if item["value"]]}


class _Values:
    """The values of an indexed column of EXIF, each once, in order; and queries about one of them."""

    def __init__(self, column: Field) -> None:
        self.column = column
        first = (AssetExif.select(fn.MIN(column)).where(column.is_null(False))
                 .cte("found", recursive=True, columns=("value",)))
        following = AssetExif.alias()
        # Not by its name: an alias has an attribute `model` of its own.
        bigger = FieldAlias.create(following, column)
        step = following.select(fn.MIN(bigger)).where(bigger > first.c.value)
        self._all = first.union_all(Select((first,), (step,)).where(first.c.value.is_null(False)))
        self.value = self._all.c.value

    def where(self, condition: Any, *columns: Any) -> Select:
        """`SELECT value, columns` of the values that fulfil the condition."""
        query = Select((self._all,), (self.value, *columns)).where(self.value.is_null(False), condition)
        return query.with_cte(self._all).bind(db)

    def of(self, conditions: list, *exif: Any) -> ModelSelect:
        """The ids of assets that have the value, and fulfil conditions on `Asset` and on `AssetExif`."""
        asset = select_assets(SQL("1")).where(Asset.id == AssetExif.asset, *conditions)
        # No join: that could begin with everything the owner has.
        return AssetExif.select(AssetExif.asset).where(self.column == self.value, *exif, fn.EXISTS(asset))


def _timeline(auth: Auth, *conditions: Any) -> list:
    return [*plugin_conditions(auth, {"withPartners": True}, permission="timeline.read"), *_shown(), *conditions]


def _shown() -> list:
    return [Asset.visibility == AssetVisibility.TIMELINE, Asset.deleted_at.is_null()]


def _by_ids(auth: Auth, ids: list[str], fields: Collection[str] = ()) -> list[dict]:
    rows = select_assets(*ASSET_COLUMNS).where(Asset.id.in_(many(ids))).tuples()
    return assets_response(auth, rows, exif=True, fields=fields)
