"""People: one, and whoever looks for some finds his favourites."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.permissions import Permission
from immich_flask.contracts.plugin import AssetFilter
from immich_flask.core.models import Asset
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("folk", __name__, url_prefix="/people", tag="People")


@bp.operation("GET", "/{id}", "getPerson", permission=Permission.PERSON_READ)
def get_person(id: str) -> dict:
    return {"id": id, "name": "Eve", "birthDate": None, "thumbnailPath": "", "isHidden": False}


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [AssetFilter("personIds", lambda _ids, _auth: Asset.is_favorite)]
