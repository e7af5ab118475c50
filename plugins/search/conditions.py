"""What a search asks for, as conditions on `Asset` (server/src/utils/database.ts, searchAssetBuilderLegacy)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from operator import ge, le
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetStatus, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.filters import either, own_filters, parts_key, plugin_parts, require_elevated
from immich_flask.core.assets.visible import any_of, select_assets
from immich_flask.core.models import Asset, AssetExif, AssetFile
from immich_flask.infra.fields import iso
from immich_flask.infra.sql import walked
from plugins.search.index import contain
from plugins.search.narrow import Wanted

EQUAL = {"id": Asset.id, "type": Asset.type, "libraryId": Asset.library_id, "checksum": Asset.checksum,
         "isFavorite": Asset.is_favorite, "isOffline": Asset.is_offline}

EXIF = {"city": AssetExif.city, "state": AssetExif.state, "country": AssetExif.country, "make": AssetExif.make,
        "model": AssetExif.model, "lensModel": AssetExif.lens_model, "rating": AssetExif.rating}

TEXTS = {"originalFileName": "name", "originalPath": "path", "description": "description"}

FILES = {"previewPath": AssetFileType.PREVIEW, "thumbnailPath": AssetFileType.THUMBNAIL,
         "encodedVideoPath": AssetFileType.ENCODED_VIDEO}

IMPLY_TRASH = ("trashedAfter", "trashedBefore", "isOffline")
"""Parameters that ask for what is in the trash; files that went offline are there."""

OPEN = frozenset({"albumIds", "id", "type", "takenAfter", "takenBefore", "isMotion", "order", "page", "size",
                  "withDeleted", "withExif", "withPeople", "withStacked"})
"""Parameters that ask for no more than a link shows that hides metadata."""


PAGING = frozenset({"page", "size"})

PLAIN = PAGING | {"order", "withExif", "withPeople", "withStacked"}
"""Parameters whose conditions are about nothing but owner, visibility, trash and stacks."""

SIMPLE = PLAIN | {"type", "isFavorite", "isMotion", "visibility", "withDeleted"}
"""Parameters whose conditions need no look into the database to be said."""


def wanted(auth: Auth, query: Mapping[str, Any]) -> Wanted:
    """What the parameters of a search ask for: among the assets of the albums that are named, else among the caller's
    and those of partners that he mixes into his timeline.

    Raises Unauthorized for the locked folder without its PIN, BadRequest for a link that names no album, and what the
    filters of plugins raise.
    """
    if query.get("visibility") == AssetVisibility.LOCKED:
        require_elevated(auth)
    parameters = _for_plugins(query)
    if auth.shared_link is not None and "albumIds" not in parameters:
        raise BadRequest("Shared link access is only allowed in combination with an albumIds filter")
    if auth.shared_link is not None and not auth.shared_link.show_metadata and query.keys() - OPEN:
        # Who may not see it must not find it out by asking.
        return Wanted([[any_of([])]])
    visibility = query.get("visibility")
    found = Wanted(plugin_parts(auth, parameters, permission="timeline.read",
                                visibility=None if visibility is None else (visibility,)))
    _kinds(found, query)
    if visibility not in (None, AssetVisibility.TIMELINE):
        # Few assets are anything else.
        found.must_be(select_assets(Asset.id).where(*either(found.parts)))
    _moments(found, query)
    _exif(found, query)
    _files(found, query)
    for name, column in TEXTS.items():
        contain(found, column, query.get(name, ""))
    return found


def wanted_key(auth: Auth, query: Mapping[str, Any]) -> Hashable | None:
    """What the conditions of `wanted` depend on, where that is simple to say: equal keys, equal queries."""
    if query.keys() - SIMPLE or query.get("visibility", AssetVisibility.TIMELINE) != AssetVisibility.TIMELINE:
        return None
    whose = parts_key(auth, _for_plugins(query))
    return whose and (whose, tuple((name, query[name]) for name in sorted(query.keys() - PAGING)))


def _for_plugins(query: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are the plugins' to understand. Empty lists ask for nothing, false switches neither."""
    parameters = {name: query[name] for name in ("albumIds", "personIds", "ocr") if query.get(name)}
    if "tagIds" in query and query["tagIds"] != []:
        parameters["tagIds"] = query["tagIds"]
    if query.get("isNotInAlbum") and "albumIds" not in parameters:
        parameters["isNotInAlbum"] = True
    if query.get("withStacked") is False:
        parameters["withoutStacked"] = True
    if "albumIds" not in parameters and query.get("visibility") != AssetVisibility.LOCKED:
        parameters["withPartners"] = True
    return {**parameters, **own_filters(query)}


def _kinds(found: Wanted, query: Mapping[str, Any]) -> None:
    found.must(*(column == query[name] for name, column in EQUAL.items() if query.get(name) is not None))
    if query.get("withDeleted") or any(query.get(name) for name in IMPLY_TRASH):
        # Not what was given up already and only waits to be removed.
        found.must(Asset.status != AssetStatus.DELETED)
    else:
        found.must(Asset.deleted_at.is_null())
    if "isMotion" in query:
        found.must(Asset.live_photo_video.is_null(not query["isMotion"]))


def _moments(found: Wanted, query: Mapping[str, Any]) -> None:
    whose = either(found.parts)
    # By the first of these the assets are walked, by the second there is no way to find them.
    found.must(*_between(query, "taken", Asset.file_created_at), *_between(query, "updated", Asset.updated_at))
    if within := _between(query, "created", Asset.created_at):
        found.must_be(select_assets(Asset.id).where(*whose, *within),
                      *_between(query, "created", walked(Asset.created_at)))
    if within := _between(query, "trashed", Asset.deleted_at):
        found.must_be(select_assets(Asset.id).where(*within), *within)


def _between(query: Mapping[str, Any], name: str, column: Any) -> list:
    """The conditions of `<name>After` and `<name>Before`, both inclusive."""
    return [compare(column, iso(query[f"{name}{end}"])) for end, compare in (("After", ge), ("Before", le))
            if f"{name}{end}" in query]


def _exif(found: Wanted, query: Mapping[str, Any]) -> None:
    asked = [column.is_null() if query[name] is None else column == query[name]
             for name, column in EXIF.items() if name in query]
    if not asked:
        return
    walking = fn.EXISTS(AssetExif.select(SQL("1")).where(AssetExif.asset == Asset.id, *asked))
    if any(query.get(name) is not None for name in EXIF):
        found.must_be(AssetExif.select(AssetExif.asset).where(*asked), walking)
    else:
        found.must(walking)


def _files(found: Wanted, query: Mapping[str, Any]) -> None:
    if "isEncoded" in query:
        encoded = fn.EXISTS(_file(AssetFileType.ENCODED_VIDEO))
        found.must(encoded if query["isEncoded"] else ~encoded)
    for name, kind in FILES.items():
        if query.get(name):
            found.must(fn.EXISTS(_file(kind).where(~AssetFile.is_edited, AssetFile.storage_key == query[name])))


def _file(kind: AssetFileType) -> Any:
    return AssetFile.select(SQL("1")).where(AssetFile.asset == Asset.id, AssetFile.type == kind)
