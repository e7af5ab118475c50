"""The administrators' records of libraries (server/src/services/library.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import Case, fn

from immich_flask.contracts.enums import AssetType, AssetVisibility, JobName
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.users.accounts import find_user
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now, wire
from plugins.libraries import folders
from plugins.libraries.models import Library
from plugins.libraries.patterns import BadPattern, Exclusions

NAME = "New External Library"

EXCLUDED = ["**/@eaDir/**", "**/._*", "**/#recycle/**", "**/#snapshot/**", "**/.stversions/**", "**/.stfolder/**"]
"""What storage systems and synchronisers keep for themselves."""

FIELDS = {"name": "name", "importPaths": "import_paths", "exclusionPatterns": "exclusion_patterns"}

COLUMNS = (Library.id, Library.owner, Library.name, wire(Library.created_at), wire(Library.updated_at),
           wire(Library.refreshed_at), Library.import_paths, Library.exclusion_patterns)


def libraries() -> list[dict]:
    """All of them, the oldest first."""
    return _answers(Library.deleted_at.is_null())


def library(library_id: str) -> dict:
    """Raises BadRequest when there is no such library."""
    found = _answers((Library.id == library_id) & Library.deleted_at.is_null())
    if not found:
        raise BadRequest("Library not found")
    return found[0]


def create(values: Mapping[str, Any]) -> dict:
    """Make a library. Folders may still be missing, as on the real server; raises BadRequest for one that is not
    allowed, and when there is no such owner."""
    with atomic():
        owner = find_user(values["ownerId"])
        columns = {"name": NAME, "import_paths": [], "exclusion_patterns": EXCLUDED, **_columns(values)}
        for path in columns["import_paths"]:
            if (why := folders.refusal(path)) is not None:
                raise BadRequest(f"Invalid import path: {why}")
        made = Library.create(owner=owner.id, **columns)
        return library(made.id)


def update(library_id: str, changes: Mapping[str, Any]) -> dict:
    """Change a library; what is absent stays. Raises BadRequest for folders that cannot be used."""
    library(library_id)
    for path in changes.get("importPaths", ()):
        if (why := folders.wrong_with(path)) is not None:
            raise BadRequest(f"Invalid import path: {why}")
    columns = _columns(changes)
    with atomic():
        if columns:
            Library.update(**columns, updated_at=now()).where(Library.id == library_id).execute()
        return library(library_id)


def validate(paths: list[str]) -> dict:
    """`ValidateLibraryResponse`: of each folder whether it can be used, and why not."""
    return {"importPaths": [_validated(path) for path in paths]}


def delete(library_id: str) -> None:
    """Remove a library; its assets go by a job, the files stay. Raises BadRequest."""
    with atomic():
        library(library_id)
        Library.update(deleted_at=now()).where(Library.id == library_id).execute()
        enqueue(JobName.LIBRARY_DELETE, id=library_id, unless_waiting=True)


def scan(library_id: str) -> None:
    """Have the library brought up to date with its folders. Raises BadRequest."""
    with atomic():
        library(library_id)
        enqueue(JobName.LIBRARY_SYNC_FILES_QUEUE_ALL, id=library_id, unless_waiting=True)
        enqueue(JobName.LIBRARY_SCAN_ASSETS_QUEUE_ALL, id=library_id, unless_waiting=True)


def statistics(library_id: str) -> dict:
    """`LibraryStatsResponse`. Raises BadRequest."""
    if not Library.select().where(Library.id == library_id, Library.deleted_at.is_null()).exists():
        raise BadRequest(f"Library {library_id} not found")
    seen = Asset.visibility != AssetVisibility.HIDDEN

    def count(kind: AssetType) -> Any:
        return fn.COALESCE(fn.SUM(Case(None, ((seen & (Asset.type == kind), 1),), 0)), 0)

    photos, videos, usage = (
        select_assets(count(AssetType.IMAGE), count(AssetType.VIDEO),
                      fn.COALESCE(fn.SUM(AssetExif.file_size_in_byte), 0))
        .join(AssetExif).where(*within(library_id)).tuples().get())
    return {"photos": photos, "videos": videos, "usage": int(usage), "total": photos + videos}


def within(library_id: str) -> list:
    """The conditions for the assets of a library."""
    owner = Library.select(Library.owner).where(Library.id == library_id)
    # It is the owner by whom assets are indexed.
    return [Asset.owner == owner, Asset.library_id == library_id]


def _validated(path: str) -> dict:
    why = folders.wrong_with(path)
    return {"importPath": path, "isValid": why is None, **({} if why is None else {"message": why})}


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = {column: values[name] for name, column in FIELDS.items() if name in values}
    try:
        Exclusions(columns.get("exclusion_patterns", ()))
    except BadPattern as error:
        raise BadRequest(f"Invalid exclusion pattern: {error}") from error
    return columns


def _answers(condition: Any) -> list[dict]:
    rows = list(Library.select(*COLUMNS).where(condition).order_by(Library.created_at, Library.id).tuples())
    ids = [row[0] for row in rows]
    counts = dict(select_assets(Asset.library_id, fn.COUNT(Asset.id))
                  .where(Asset.owner.in_({row[1] for row in rows}), Asset.library_id.in_(ids),
                         Asset.deleted_at.is_null())
                  .group_by(Asset.library_id).tuples()) if rows else {}
    return [{"id": library_id, "ownerId": owner_id, "name": name, "createdAt": created_at, "updatedAt": updated_at,
             "refreshedAt": refreshed_at, "assetCount": counts.get(library_id, 0), "importPaths": paths,
             "exclusionPatterns": patterns}
            for library_id, owner_id, name, created_at, updated_at, refreshed_at, paths, patterns in rows]
