"""Reports: written by the jobs, read and dealt with by administrators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from peewee import fn

from immich_flask.contracts.errors import NotFound
from immich_flask.core.assets import integrity
from immich_flask.core.assets.integrity import Finding, Wrong
from immich_flask.core.assets.stored import StoredObject
from immich_flask.infra.db import atomic, connected
from immich_flask.infra.fields import wire
from plugins.integrity.models import IntegrityReport

PORTION = 500

PAGE = 100
"""Reports that a page has when nobody says how many."""


def summary() -> dict[str, int]:
    """How many there are of each type."""
    rows = IntegrityReport.select(IntegrityReport.type, fn.COUNT(IntegrityReport.id)).group_by(IntegrityReport.type)
    return {str(wrong): 0 for wrong in Wrong} | dict(rows.tuples())


def page(wrong: Wrong, cursor: str | None, limit: int | None) -> dict:
    """`IntegrityReportResponseDto`, newest first; from `cursor` on, which the page before gave."""
    size = min(limit or PAGE, 10_000)
    query = _of(wrong).order_by(IntegrityReport.id.desc()).limit(size + 1)
    if cursor is not None:
        query = query.where(IntegrityReport.id <= cursor)
    rows = list(query.tuples())
    items = [{"id": id, "type": type, "path": path, "createdAt": created_at, **_belongs_to(kind, asset)}
             for id, type, path, kind, asset, created_at in rows[:size]]
    return {"items": items} | ({"nextCursor": rows[size][0]} if len(rows) > size else {})


def lines(wrong: Wrong) -> Iterator[str]:
    """All of a type as a table in CSV."""
    yield "id,type,assetId,fileAssetId,path\n"
    cursor: str | None = None
    # Read while it is sent, when the request's connection is closed already.
    with connected():
        while True:
            query = _of(wrong).order_by(IntegrityReport.id.desc()).limit(PORTION)
            rows = list((query.where(IntegrityReport.id < cursor) if cursor else query).tuples())
            yield from map(_line, rows)
            if len(rows) < PORTION:
                return
            cursor = rows[-1][0]


def _line(row: tuple) -> str:
    id, type, path, kind, asset, _ = row
    of_original, of_file = _belongs_to(kind, asset).values()
    quoted = path.replace('"', '""')
    return f'{id},{type},{of_original or "null"},{of_file or "null"},"{quoted}"\n'


def _belongs_to(kind: str | None, asset_id: str | None) -> dict[str, str | None]:
    """The asset that a report is about, by whether it is the original or another file of it."""
    of_original = kind == "original"
    return {"assetId": asset_id if of_original else None, "fileAssetId": None if of_original else asset_id}


def find(report_id: str) -> IntegrityReport:
    """Raises NotFound."""
    report = IntegrityReport.get_or_none(IntegrityReport.id == report_id)
    if report is None:
        raise NotFound()
    return report


def add(findings: Iterable[Finding]) -> None:
    """Report what was found, once each."""
    for finding in findings:
        stored = finding.stored
        of_asset = stored is not None and stored.kind != "profile"
        with atomic():
            (IntegrityReport.insert(
                type=finding.wrong, path=finding.key, kind=stored.kind if stored else None,
                asset=stored.row_id if of_asset else None, user_id=stored.owner_id if stored else None)
             .on_conflict_ignore().execute())


def refresh(wrong: Wrong) -> None:
    """Remove the reports of what is right again, or gone."""
    cursor: str | None = None
    while reports := some_of(wrong, cursor):
        right = [report.id for report in reports if not _is_still_wrong(report)]
        if right:
            _remove(right)
        cursor = reports[-1].id


def some_of(wrong: Wrong, after: str | None = None) -> list[IntegrityReport]:
    """Up to `PORTION` reports of a type, in the order of their ids."""
    query = IntegrityReport.select().where(IntegrityReport.type == wrong)
    if after is not None:
        query = query.where(IntegrityReport.id > after)
    return list(query.order_by(IntegrityReport.id).limit(PORTION))


def deal_with(reports: list[IntegrityReport]) -> None:
    """Do away with what was reported, and with the reports: assets whose original is missing or damaged go to the trash,
    other files are made again or forgotten, what belongs to nothing is deleted. What is right by now stays."""
    wrong = [report for report in reports if _is_still_wrong(report)]
    integrity.delete_untracked(report.path for report in wrong if report.type == Wrong.UNTRACKED)
    integrity.give_up(stored for report in wrong if report.type != Wrong.UNTRACKED and (stored := _stored(report)))
    _remove([report.id for report in reports])


def _remove(ids: list[str]) -> None:
    with atomic():
        IntegrityReport.delete().where(IntegrityReport.id.in_(ids)).execute()


def _of(wrong: Wrong) -> Any:
    return IntegrityReport.select(
        IntegrityReport.id, IntegrityReport.type, IntegrityReport.path, IntegrityReport.kind, IntegrityReport.asset,
        wire(IntegrityReport.created_at)).where(IntegrityReport.type == wrong)


def _stored(report: IntegrityReport) -> StoredObject | None:
    row_id = report.asset_id or report.user_id
    return integrity.still_stored(report.path, row_id) if row_id else None


def _is_still_wrong(report: IntegrityReport) -> bool:
    if report.type == Wrong.UNTRACKED:
        return integrity.is_untracked(report.path)
    stored = _stored(report)
    if stored is None:
        return False
    found = [finding.wrong for finding in integrity.look_at(stored)]
    if report.type == Wrong.CHECKSUM and not found and stored.checksum is not None:
        return integrity.damage(stored) is not None
    return report.type in found
