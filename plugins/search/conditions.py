"""What a search asks for, as conditions on `Asset` (server/src/utils/database.ts, searchAssetBuilderLegacy)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetFileType, AssetStatus, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.filters import plugin_conditions, require_elevated
from immich_flask.core.models import Asset, AssetExif, AssetFile
from plugins.search.index import matching
from plugins.search.narrow import few_or

EQUAL = {"id": Asset.id, "type": Asset.type, "visibility": Asset.visibility, "libraryId": Asset.library_id,
         "checksum": Asset.checksum, "isFavorite": Asset.is_favorite, "isOffline": Asset.is_offline}

RANGES = {"created": Asset.created_at, "updated": Asset.updated_at, "trashed": Asset.deleted_at,
          "taken": Asset.file_created_at}

EXIF = {"city": AssetExif.city, "state": AssetExif.state, "country": AssetExif.country, "make": AssetExif.make,
        "model": AssetExif.model, "lensModel": AssetExif.lens_model, "rating": AssetExif.rating}

TEXTS = {"originalFileName": "name", "originalPath": "path", "description": "description"}

FILES = {"previewPath": AssetFileType.PREVIEW, "thumbnailPath": AssetFileType.THUMBNAIL,
         "encodedVideoPath": AssetFileType.ENCODED_VIDEO}

IMPLY_TRASH = ("trashedAfter", "trashedBefore", "isOffline")
"""Parameters that ask for what is in the trash; files that went offline are there."""


def conditions(auth: Auth, query: Mapping[str, Any]) -> list:
    """Conditions to be joined by AND, among them whose assets are searched: those in the albums, if any are named, else
    the caller's and those of partners that he mixes into his timeline.

    Raises Unauthorized for the locked folder without its PIN, BadRequest for a link that names no album, and what the
    filters of plugins raise.
    """
    if query.get("visibility") == AssetVisibility.LOCKED:
        require_elevated(auth)
    parameters = _for_plugins(query)
    if auth.shared_link is not None and "albumIds" not in parameters:
        raise BadRequest("Shared link access is only allowed in combination with an albumIds filter")
    found = plugin_conditions(auth, parameters, permission="timeline.read")
    found += [column == query[name] for name, column in EQUAL.items() if query.get(name) is not None]
    for name, column in RANGES.items():
        if f"{name}After" in query:
            found.append(column >= query[f"{name}After"])
        if f"{name}Before" in query:
            found.append(column <= query[f"{name}Before"])
    if "isMotion" in query:
        found.append(Asset.live_photo_video.is_null(not query["isMotion"]))
    if query.get("withDeleted") or any(query.get(name) for name in IMPLY_TRASH):
        found.append(Asset.status != AssetStatus.DELETED)
    else:
        found.append(Asset.deleted_at.is_null())
    return found + _exif(query) + _files(query) + _texts(query)


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
    return parameters


def _exif(query: Mapping[str, Any]) -> list:
    asked = [column.is_null() if query[name] is None else column == query[name]
             for name, column in EXIF.items() if name in query]
    if not asked:
        return []
    walking = fn.EXISTS(AssetExif.select(SQL("1")).where(AssetExif.asset == Asset.id, *asked))
    if all(query[name] is None for name in EXIF if name in query):
        return [walking]
    return [few_or(AssetExif.select(AssetExif.asset).where(*asked), walking)]


def _files(query: Mapping[str, Any]) -> list:
    found = []
    if "isEncoded" in query:
        encoded = fn.EXISTS(_file(AssetFileType.ENCODED_VIDEO))
        found.append(encoded if query["isEncoded"] else ~encoded)
    for name, kind in FILES.items():
        if query.get(name):
            found.append(fn.EXISTS(_file(kind).where(~AssetFile.is_edited, AssetFile.storage_key == query[name])))
    return found


def _file(kind: AssetFileType) -> Any:
    return AssetFile.select(SQL("1")).where(AssetFile.asset == Asset.id, AssetFile.type == kind)


def _texts(query: Mapping[str, Any]) -> list:
    found = (matching(column, query[name]) for name, column in TEXTS.items() if query.get(name))
    return [condition for condition in found if condition is not None]
