"""What the page of a link says to programs that preview addresses (server/src/services/api.service.ts)."""

from __future__ import annotations

import re

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NotFound, Unauthorized
from immich_flask.contracts.plugin import PageTags
from immich_flask.core.models import Asset
from immich_flask.infra.db import connected
from plugins.albums.api import link_responses
from plugins.shared_links.access import assets_of, by_key, by_slug, listed, own_link
from plugins.shared_links.models import SharedLink

_ADDRESS = re.compile(r"/(share|s)/([^/]+)")


def page_tags(path: str) -> PageTags | None:
    """Title, description and picture of a link without a password. Raises NotFound for one that is not valid."""
    match = _ADDRESS.match(path)
    if match is None:
        return None
    with connected():
        try:
            auth = by_key(match[2]) if match[1] == "share" else by_slug(match[2])
        except Unauthorized as error:
            raise NotFound() from error
        return None if auth.shared_link.password else _tags(auth)


def _tags(auth: Auth) -> PageTags:
    link = auth.shared_link
    key, description = own_link(auth, link.id, SharedLink.key, SharedLink.description)
    if link.album_id is not None:
        album = link_responses([link.album_id], with_contents=True)[link.album_id]
        title, cover, count = album["albumName"], album["albumThumbnailAssetId"], album["assetCount"]
    else:
        shown = assets_of([link.id], auth.user, Asset.id).where(listed())
        title, count = "Public Share", shown.count()
        cover = shown.order_by(Asset.file_created_at, Asset.id).limit(1).scalar()
    return PageTags(
        title=title, description=description or f"{count} shared photos & videos",
        image=f"/api/assets/{cover}/thumbnail?key={key}" if cover else "/feature-panel.png")
