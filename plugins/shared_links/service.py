"""Making, finding, changing and deleting links (server/src/services/shared-link.service.ts)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import SharedLinkType
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import require
from immich_flask.infra.db import atomic
from plugins.albums.api import require_album
from plugins.shared_links import contents
from plugins.shared_links.access import KEY_BYTES, key_text, own_link, own_links
from plugins.shared_links.answers import LINK_COLUMNS, changed_response, listed_responses, whole_response
from plugins.shared_links.models import SharedLink


def links(auth: Auth, *, id: str | None = None, album_id: str | None = None) -> list[dict]:
    """The caller's links, newest first; expired ones too."""
    query = own_links(auth, *LINK_COLUMNS).order_by(SharedLink.created_at.desc(), SharedLink.id)
    if id is not None:
        query = query.where(SharedLink.id == id)
    if album_id is not None:
        query = query.where(SharedLink.album == album_id)
    return listed_responses(auth, query.tuples())


def link(auth: Auth, link_id: str) -> dict:
    """One of the caller's links. Raises BadRequest."""
    return whole_response(auth, own_link(auth, link_id, *LINK_COLUMNS))


def create(auth: Auth, body: Mapping[str, Any]) -> dict:
    """Make a link. `body` is a loaded `SharedLinkCreate`.

    A link that hides metadata allows no downloads, as originals are full of it; a later change may allow them.
    Raises NoAccess(album.share), NoAccess(asset.share), BadRequest when there is nothing to share or the slug is taken.
    """
    album_id, asset_ids = body.get("album_id"), body["asset_ids"]
    show_metadata = body.get("show_metadata", True)
    if body["type"] == SharedLinkType.ALBUM:
        asset_ids = []
        if album_id is None:
            raise BadRequest("Invalid albumId")
    else:
        album_id = None
        if not asset_ids:
            raise BadRequest("Invalid assetIds")
    with _slug_is_free(), atomic():
        if album_id is not None:
            require_album(auth, album_id, Permission.ALBUM_SHARE)
        else:
            require(auth, asset_ids, Permission.ASSET_SHARE)
        made = SharedLink.create(
            user=auth.user_id, album=album_id, key=key_text(secrets.token_bytes(KEY_BYTES)),
            slug=body.get("slug") or None, description=body.get("description") or None, password=body.get("password"),
            expires_at=body.get("expires_at"), allow_upload=body.get("allow_upload", True),
            allow_download=show_metadata and body.get("allow_download", True), show_metadata=show_metadata)
        contents.put(made.id, asset_ids)
        return changed_response(auth, own_link(auth, made.id, *LINK_COLUMNS))


def update(auth: Auth, link_id: str, changes: Mapping[str, Any]) -> dict:
    """Change the terms of a link, a loaded `SharedLinkEdit`; what is absent stays, except for the slug: clients always
    send it, and without it there is none. Raises BadRequest."""
    with _slug_is_free(), atomic():
        own_link(auth, link_id, SharedLink.id)
        SharedLink.update({**changes, "slug": changes.get("slug") or None}).where(SharedLink.id == link_id).execute()
        return changed_response(auth, own_link(auth, link_id, *LINK_COLUMNS))


def remove(auth: Auth, link_id: str) -> None:
    """Delete a link; what it showed stays. Raises BadRequest."""
    with atomic():
        own_link(auth, link_id, SharedLink.id)
        SharedLink.delete().where(SharedLink.id == link_id).execute()


def shown_by(auth: Auth) -> dict:
    """The link that the caller has come by. Raises BadRequest when it is gone in this moment."""
    return whole_response(auth, own_link(auth, auth.shared_link.id, *LINK_COLUMNS))


@contextmanager
def _slug_is_free() -> Iterator[None]:
    """Only the database knows for sure."""
    try:
        yield
    except peewee.IntegrityError as error:
        raise BadRequest("Failed to save shared link") from error
