"""The blueprint that the modules of this folder share."""

from __future__ import annotations

from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("assets", __name__, url_prefix="/assets", tag="Assets")
