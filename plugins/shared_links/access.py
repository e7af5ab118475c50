"""Who comes by a link, and what he gets to see (server/src/services/auth.service.ts).

A link never shows more than the one who made it may still share: an album while he is its owner or an editor, assets
while they are his own or a partner lets him have them. What is locked or in the trash is nobody's to share.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flask import Request
from peewee import JOIN, SQL

from immich_flask.contracts.auth import Auth, AuthSharedLink, AuthUser
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import BadRequest, Unauthorized
from immich_flask.contracts.permissions import Permission
from immich_flask.contracts.plugin import AssetGrant
from immich_flask.core.assets.visible import covered, open_to_others, select_assets
from immich_flask.core.assets.visible import grants as grants_of
from immich_flask.core.models import Asset, User
from immich_flask.infra.db import many
from immich_flask.infra.fields import instant, iso, now, wire
from immich_flask.infra.http.values import UNSTORABLE
from immich_flask.infra.sql import Lookup, exists, in_query
from plugins.albums.api import ROLES, Album, AlbumUser
from plugins.shared_links.models import SharedLink, SharedLinkAsset

KEY_BYTES = 50
_KEY = re.compile(r"[A-Za-z0-9_-]{67}")
_HEX_KEY = re.compile(r"[0-9a-fA-F]{100}")

GRANTED = frozenset({Permission.ASSET_READ, Permission.ASSET_VIEW})
"""What every link allows; downloads are for it to say."""

# Literals: a `Lookup` has room for one parameter.
_SHARERS = [SQL(f"'{role}'") for role in ROLES[Permission.ALBUM_SHARE]]


def living(*columns: Any) -> Any:
    """Query of the links that still show something to somebody; it joins `album`, too."""
    may_share = (AlbumUser.album == SharedLink.album) & (AlbumUser.user == SharedLink.user) & AlbumUser.role.in_(
        _SHARERS)
    return (SharedLink.select(*columns).join(Album, JOIN.LEFT_OUTER).switch(SharedLink)
            .join(AlbumUser, JOIN.LEFT_OUTER, on=may_share)
            .where(SharedLink.album.is_null() | Album.deleted_at.is_null() & AlbumUser.user.is_null(False)))


def own_links(auth: Auth, *columns: Any) -> Any:
    """Query of the caller's links; of one who comes by a link, those of its maker."""
    return living(*columns).where(SharedLink.user == auth.user_id)


def own_link(auth: Auth, link_id: str, *columns: Any) -> tuple:
    """These columns of one of them. Raises BadRequest."""
    row = own_links(auth, *columns).where(SharedLink.id == link_id).tuples().first()
    if row is None:
        raise BadRequest("Shared link not found")
    return row


def _caller(condition: Any) -> Any:
    return (living(User.id, User.email, User.name, User.is_admin, User.quota_size_in_bytes, User.quota_usage_in_bytes,
                   SharedLink.id, SharedLink.album, SharedLink.allow_upload, SharedLink.allow_download,
                   SharedLink.show_metadata, SharedLink.password, wire(SharedLink.expires_at))
            .join_from(SharedLink, User).where(condition))


_by_key = Lookup(lambda key: _caller(SharedLink.key == key))
_by_slug = Lookup(lambda slug: _caller(SharedLink.slug == slug))


def authenticate(request: Request) -> Auth | None:
    """The caller who shows a link, by key or slug, in a header or the query. Raises Unauthorized for a bad one."""
    if key := request.headers.get("x-immich-share-key") or request.args.get("key"):
        return by_key(key)
    if slug := request.headers.get("x-immich-share-slug") or request.args.get("slug"):
        return by_slug(slug)
    return None


def by_key(key: str) -> Auth:
    """The caller with this key, in base64url or hexadecimal. Raises Unauthorized."""
    if _HEX_KEY.fullmatch(key):
        key = key_text(bytes.fromhex(key))
    return _identified(_by_key.first(key) if _KEY.fullmatch(key) else None, "Invalid share key")


def by_slug(slug: str) -> Auth:
    """The caller with this slug. Raises Unauthorized."""
    return _identified(None if UNSTORABLE.search(slug) else _by_slug.first(slug), "Invalid share slug")


def key_text(key: bytes) -> str:
    """A key as it stands in addresses."""
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def grants(auth: Auth, permission: str) -> list[AssetGrant]:
    """The assets of a link that is not about an album; those of albums are granted by albums."""
    link = auth.shared_link
    if link is None or link.album_id is not None:
        return []
    if permission not in GRANTED and not (permission == Permission.ASSET_DOWNLOAD and link.allow_download):
        return []
    lent = grants_of(Auth(auth.user), Permission.ASSET_SHARE)
    return [AssetGrant("shared_links", covers=_own_on_link, values=(link.id, auth.user_id)),
            *(_lent_on_link(link.id, grant) for grant in lent)]


def _own_on_link(asset: Any, link_id: str, maker_id: str) -> Any:
    return (asset.owner == maker_id) & _on_link(asset, link_id)


def _lent_on_link(link_id: str, lent: AssetGrant) -> AssetGrant:
    """What somebody lends to the maker, as far as it is on the link."""
    if lent.covers is None:
        return AssetGrant("shared_links", SharedLinkAsset.select(SharedLinkAsset.asset).where(
            SharedLinkAsset.link == link_id, in_query(SharedLinkAsset.asset, lent.asset_ids)))
    return AssetGrant("shared_links", covers=_on_link_too(lent.covers), values=(link_id, *lent.values))


@cache
def _on_link_too(covers: Callable[..., Any]) -> Callable[..., Any]:
    def covers_on_link(asset: Any, link_id: str, *values: Any) -> Any:
        return covers(asset, *values) & _on_link(asset, link_id)

    return covers_on_link


def _on_link(asset: Any, link_id: str) -> Any:
    return exists(SharedLinkAsset.select(SQL("1")).where(
        SharedLinkAsset.link == link_id, SharedLinkAsset.asset == asset.id))


def assets_of(link_ids: Iterable[str], maker: AuthUser, *columns: Any) -> Any:
    """Query of what these links of one maker show; it joins `asset` and `shared_link_asset`."""
    sharable = (Asset.owner == maker.id) | covered(grants_of(Auth(maker), Permission.ASSET_SHARE), Asset)
    return (select_assets(*columns).join(SharedLinkAsset, on=SharedLinkAsset.asset == Asset.id)
            .where(SharedLinkAsset.link.in_(many(link_ids)), sharable, open_to_others()))


def listed() -> Any:
    """The condition for what is shown by itself, not as the moving part of something else."""
    return Asset.visibility != AssetVisibility.HIDDEN


def _identified(row: tuple | None, wrong: str) -> Auth:
    if row is None or row[-1] is not None and row[-1] <= iso(now()):
        raise Unauthorized(wrong)
    user_id, email, name, is_admin, quota, usage, *terms = row
    link_id, album_id, allow_upload, allow_download, show_metadata, password, expires_at = terms
    return Auth(
        AuthUser(user_id, email, name, bool(is_admin), quota, usage),
        shared_link=AuthSharedLink(
            id=link_id, user_id=user_id, album_id=album_id, allow_upload=bool(allow_upload),
            allow_download=bool(allow_download), show_metadata=bool(show_metadata), password=password,
            expires_at=instant(expires_at) if expires_at else None))
