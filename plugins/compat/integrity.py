"""Integrity reports: nothing is checked, so nothing is reported."""

from __future__ import annotations

from enum import StrEnum
from time import time_ns

from flask import Response
from marshmallow import fields

from immich_flask.contracts.errors import NotFound
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum, QueryInteger, Schema, StrictStr, UUIDv4
from plugins.compat.answers import always, never

UUID_V7 = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"


class IntegrityReport(StrEnum):
    UNTRACKED_FILE = "untracked_file"
    MISSING_FILE = "missing_file"
    CHECKSUM_MISMATCH = "checksum_mismatch"


class IntegrityGetReport(Schema):
    type = Enum(IntegrityReport, required=True)
    cursor = StrictStr()
    limit = QueryInteger(min=1)


class IntegrityReportItem(Schema):
    id = UUIDv4(required=True)
    type = Enum(IntegrityReport, required=True)
    path = fields.String(required=True)


class IntegrityReportResponse(Schema):
    items = fields.List(fields.Nested(IntegrityReportItem), required=True)
    nextCursor = fields.String()


class IntegrityReportSummaryResponse(Schema):
    checksum_mismatch = fields.Integer(required=True)
    missing_file = fields.Integer(required=True)
    untracked_file = fields.Integer(required=True)


bp = Blueprint("compat_integrity", __name__, url_prefix="/admin/integrity", tag="Maintenance (admin)")

ENTRY = {"id": StrictStr(required=True, pattern=UUID_V7)}
GUARD = {"admin": True, "permission": Permission.MAINTENANCE}

always(bp, "GET", "/summary", "getIntegrityReportSummary", {str(kind): 0 for kind in IntegrityReport}, **GUARD,
       answer=IntegrityReportSummaryResponse)
always(bp, "GET", "/report", "getIntegrityReport", {"items": []}, **GUARD, query=IntegrityGetReport,
       answer=IntegrityReportResponse)
never(bp, "GET", "/report/{id}/file", "getIntegrityReportFile", NotFound, **GUARD, path=ENTRY,
      content_type="application/octet-stream")
never(bp, "DELETE", "/report/{id}", "deleteIntegrityReport", NotFound, **GUARD, path=ENTRY)


@bp.operation("GET", "/report/{type}/csv", "getIntegrityReportCsv", **GUARD, path={"type": Enum(IntegrityReport)},
              content_type="application/octet-stream")
def get_integrity_report_csv(type: IntegrityReport) -> Response:
    """The heading of a table without rows."""
    return Response("id,type,assetId,fileAssetId,path\n", content_type="text/csv", headers={
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": f'attachment; filename="{time_ns() // 1_000_000}-{type}.csv"'})
