"""Routes of `/api/server`."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Schema

bp = Blueprint("server", __name__, url_prefix="/server", tag="Server")


class ServerPingResponse(Schema):
    res = fields.String(required=True)


@bp.operation("GET", "/ping", "pingServer", login=False, answer=ServerPingResponse)
def ping() -> dict:
    return {"res": "pong"}
