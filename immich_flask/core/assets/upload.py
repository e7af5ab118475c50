"""Receiving an upload: in one pass from the socket to the storage, hashed on the way, and only then the row.

Whatever goes wrong leaves nothing: what was stored already is removed again, at once where the refusal is ours, by the
sweep where the process or the database has gone away.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from werkzeug.datastructures import MultiDict

from immich_flask.contracts import media_types
from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetRejectReason, AssetType, AssetUploadAction
from immich_flask.contracts.errors import ApiError, BadRequest, Unauthorized
from immich_flask.contracts.events import DuplicateUploaded
from immich_flask.core.assets import quota
from immich_flask.core.assets.create import DuplicateAsset, NewAsset, create_asset, find_by_checksum
from immich_flask.core.assets.keys import original_key, sidecar_key
from immich_flask.core.assets.metadata import refuse_duplicates
from immich_flask.core.assets.objects import discard
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.core.models.user import new_id
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import atomic, without_connection
from immich_flask.infra.fields import wire
from immich_flask.infra.http.multipart import FieldPart, FilePart, MultipartError, read_parts
from immich_flask.infra.sql import text_list
from immich_flask.infra.storage.base import Stored

ASSET_PART = "assetData"
SIDECAR_PART = "sidecarData"

MAX_SIDECAR = 16 * 1024**2
"""Bytes. It is read as a whole, and no quota counts it."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """`created` is False for a duplicate; `asset_id` is then the one that the owner has already."""

    asset_id: str
    created: bool


def require_upload(auth: Auth) -> None:
    """Raises Unauthorized for a link that takes no uploads."""
    if auth.shared_link is not None and not auth.shared_link.allow_upload:
        raise Unauthorized("Unauthorized")


def known_upload(auth: Auth, checksum: str) -> Uploaded | None:
    """The answer to an upload that announces this SHA-1 (base64), when the owner has the file already."""
    asset_id = find_by_checksum(auth.user_id, checksum) if checksum else None
    return None if asset_id is None else _duplicate(auth, asset_id)


def receive(auth: Auth, body: IO[bytes], content_type: str, check: Callable[[MultiDict], dict]) -> Uploaded:
    """Take an upload in from a multipart body. `check` makes of the form's texts fields of `NewAsset`, or raises.

    Raises BadRequest for files that are empty or missing or of a type that is no asset, for a body that is cut short,
    and when the quota is exceeded. Fields that stand behind the file count like those before it, but the type of the
    file is that of the name known when it comes.
    """
    incoming = _Incoming(auth)
    try:
        # It may take hours, and asks the database nothing.
        with without_connection():
            for part in read_parts(body, content_type):
                incoming.take(part)
        new = incoming.finish(check(incoming.named_form()))
    except MultipartError as error:
        incoming.discard()
        raise BadRequest(str(error)) from error
    except BaseException:
        incoming.discard()
        raise
    try:
        create_asset(new, auth=auth)
    except DuplicateAsset as known:
        incoming.discard()
        return _duplicate(auth, known.asset_id)
    except ApiError:
        incoming.discard()
        raise
    # After any other error nobody knows whether the row is there: then the bytes stay, for the sweep to judge.
    return Uploaded(new.id, created=True)


def check_uploads(owner_id: str, items: Iterable[dict]) -> list[dict]:
    """Which files of `[{id, checksum}]` the owner has; `AssetBulkUploadCheckResult` for each, in one query."""
    items = list(items)
    query = Asset.select(Asset.checksum, Asset.id, wire(Asset.deleted_at)).where(
        Asset.owner == owner_id, Asset.library_id.is_null(),
        Asset.checksum.in_(text_list({item["checksum"] for item in items}))).tuples()
    known = {checksum: (asset_id, deleted_at) for checksum, asset_id, deleted_at in query}
    results = []
    for item in items:
        if (found := known.get(item["checksum"])) is None:
            results.append({"id": item["id"], "action": AssetUploadAction.ACCEPT})
        else:
            results.append({"id": item["id"], "action": AssetUploadAction.REJECT,
                            "reason": AssetRejectReason.DUPLICATE, "assetId": found[0],
                            "isTrashed": found[1] is not None})
    return results


def _duplicate(auth: Auth, asset_id: str) -> Uploaded:
    with atomic():
        emit(DuplicateUploaded(asset_id, auth.user_id, auth.shared_link.id if auth.shared_link else None))
    return Uploaded(asset_id, created=False)


class _Incoming:
    """What has come of an upload so far."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.asset_id = new_id()
        self.form: MultiDict[str, str] = MultiDict()
        self.original: Stored | None = None
        self.sidecar: Stored | None = None
        self._type: AssetType | None = None
        self._part_name = ""

    def take(self, part: FieldPart | FilePart) -> None:
        if isinstance(part, FieldPart):
            self.form.add(part.name, part.value)
        elif part.name == ASSET_PART and self.original is None:
            self._take_original(part)
        elif part.name == SIDECAR_PART and self.sidecar is None:
            self._take_sidecar(part)
        else:
            raise BadRequest(f"Unexpected field - {part.name}")

    def named_form(self) -> MultiDict[str, str]:
        """The form, with the part's own name for want of a field."""
        if not self.form.get("filename"):
            self.form["filename"] = self._part_name
        return self.form

    def finish(self, fields: dict[str, Any]) -> NewAsset:
        if self.original is None:
            raise BadRequest("File is required" if self.sidecar is None
                             else f"Field(s) {ASSET_PART} should not be empty")
        refuse_duplicates(item["key"] for item in fields["metadata"])
        return NewAsset(
            id=self.asset_id, owner_id=self.auth.user_id, type=self._type, storage_key=self.original.key,
            checksum=base64.b64encode(self.original.checksum).decode(), size=self.original.size,
            sidecar_key=self.sidecar.key if self.sidecar else None,
            sidecar_size=self.sidecar.size if self.sidecar else 0, **fields)

    def discard(self) -> None:
        if keys := [stored.key for stored in (self.original, self.sidecar) if stored is not None]:
            discard(keys)

    def _take_original(self, part: FilePart) -> None:
        self._part_name = _basename(part.filename)
        name = self.form.get("filename") or self._part_name
        self._type = media_types.asset_type(name)
        if self._type is None:
            raise BadRequest(f"Unsupported file type {name}")
        key = original_key(self.auth.user_id, self.asset_id, name)
        self.original = runtime.storage.put(key, self._within_quota(part.chunks),
                                            content_type=media_types.mime_type(name))
        if not self.original.size:
            raise BadRequest("File is empty")

    def _take_sidecar(self, part: FilePart) -> None:
        # Its own name counts: that of the field is the picture's.
        if not media_types.is_sidecar(part.filename):
            raise BadRequest(f"Unsupported file type {_basename(part.filename)}")
        original = self.original.key if self.original else original_key(
            self.auth.user_id, self.asset_id, self.form.get("filename") or "original")
        self.sidecar = runtime.storage.put(sidecar_key(original), _at_most(MAX_SIDECAR, part.chunks),
                                           content_type=media_types.mime_type(part.filename))
        if not self.sidecar.size:
            raise BadRequest("File is empty")

    def _within_quota(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """End an upload that cannot fit as soon as that is sure; the exact account is taken with the row."""
        user = self.auth.user
        if user.quota_size_in_bytes is None:
            yield from chunks
            return
        room = user.quota_size_in_bytes - user.quota_usage_in_bytes
        for chunk in chunks:
            room -= len(chunk)
            if room < 0:
                raise BadRequest(quota.EXCEEDED)
            yield chunk


def _at_most(limit: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        limit -= len(chunk)
        if limit < 0:
            raise BadRequest("The sidecar is too large")
        yield chunk


def _basename(filename: str) -> str:
    """A part's name may come with the path that it has on the client."""
    return re.split(r"[/\\]", filename)[-1]
