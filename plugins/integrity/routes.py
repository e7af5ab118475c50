"""Routes of `/api/admin/integrity`."""

from __future__ import annotations

from time import time_ns

from flask import Response
from marshmallow import fields

from immich_flask.contracts.errors import NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.integrity import Wrong
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.delivery import send_object
from immich_flask.infra.http.schemas import Enum, List, Nested, QueryInteger, Schema, StrictStr, UUIDv4
from immich_flask.infra.storage.base import ObjectNotFound
from plugins.integrity import reports

UUID_V7 = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"

CACHE_CONTROL = "private, no-cache, no-transform"


class IntegrityGetReport(Schema):
    type = Enum(Wrong, required=True)
    cursor = StrictStr(pattern=UUID_V7)
    limit = QueryInteger(min=1)


class IntegrityReportItem(Schema):
    id = UUIDv4(required=True)
    type = Enum(Wrong, required=True)
    path = fields.String(required=True)


class IntegrityReportResponse(Schema):
    items = List(Nested(IntegrityReportItem), required=True)
    nextCursor = fields.String()


class IntegrityReportSummaryResponse(Schema):
    checksum_mismatch = fields.Integer(required=True)
    missing_file = fields.Integer(required=True)
    untracked_file = fields.Integer(required=True)


bp = Blueprint("integrity", __name__, url_prefix="/admin/integrity", tag="Maintenance (admin)")

ENTRY = {"id": StrictStr(required=True, pattern=UUID_V7)}
GUARD = {"admin": True, "permission": Permission.MAINTENANCE}


@bp.operation("GET", "/summary", "getIntegrityReportSummary", **GUARD, answer=IntegrityReportSummaryResponse)
def get_integrity_report_summary() -> dict:
    return reports.summary()


@bp.operation("GET", "/report", "getIntegrityReport", **GUARD, query=IntegrityGetReport,
              answer=IntegrityReportResponse)
def get_integrity_report(query: dict) -> dict:
    return reports.page(query["type"], query.get("cursor"), query.get("limit"))


@bp.operation("GET", "/report/{id}/file", "getIntegrityReportFile", **GUARD, path=ENTRY,
              content_type="application/octet-stream")
def get_integrity_report_file(id: str) -> Response:
    key = reports.find(id.lower()).path
    try:
        return send_object(runtime.storage, key, mimetype="application/octet-stream", filename=key.rpartition("/")[2],
                           disposition="attachment", cache_control=CACHE_CONTROL)
    except ObjectNotFound as error:
        raise NotFound() from error


@bp.operation("DELETE", "/report/{id}", "deleteIntegrityReport", **GUARD, path=ENTRY)
def delete_integrity_report(id: str) -> None:
    reports.deal_with([reports.find(id.lower())])


@bp.operation("GET", "/report/{type}/csv", "getIntegrityReportCsv", **GUARD, path={"type": Enum(Wrong)},
              content_type="application/octet-stream")
def get_integrity_report_csv(type: Wrong) -> Response:
    return Response(reports.lines(type), content_type="text/csv", headers={
        "Cache-Control": CACHE_CONTROL,
        "Content-Disposition": f'attachment; filename="{time_ns() // 1_000_000}-{type}.csv"'})
