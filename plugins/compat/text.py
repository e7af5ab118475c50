"""Text on pictures (OCR): none is read."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Schema, UUIDv4


class AssetOcrResponse(Schema):
    id = UUIDv4(required=True)
    assetId = UUIDv4(required=True)
    text = fields.String(required=True)
    textScore = fields.Float(required=True)
    boxScore = fields.Float(required=True)
    x1 = fields.Float(required=True)
    y1 = fields.Float(required=True)
    x2 = fields.Float(required=True)
    y2 = fields.Float(required=True)
    x3 = fields.Float(required=True)
    y3 = fields.Float(required=True)
    x4 = fields.Float(required=True)
    y4 = fields.Float(required=True)


bp = Blueprint("compat_text", __name__, url_prefix="/assets", tag="Assets")


@bp.operation("GET", "/{id}/ocr", "getAssetOcr", permission=Permission.ASSET_READ, answer=AssetOcrResponse(many=True))
def get_asset_ocr(auth: Auth, id: str) -> list[dict]:
    require(auth, [id], Permission.ASSET_READ)
    return []
