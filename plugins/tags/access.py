"""Tags belong to one user; who sees an asset sees what its owner has tagged it with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from plugins.tags.models import Tag, TagAsset, TagClosure


def own(auth: Auth, tag_ids: Iterable[str]) -> set[str]:
    """Those of the tags that are the caller's. A shared link has none."""
    if auth.shared_link is not None:
        return set()
    query = Tag.select(Tag.id).where(Tag.user == auth.user_id, Tag.id.in_(many(tag_ids))).tuples()
    return {tag_id for tag_id, in query}


def require(auth: Auth, tag_id: str, permission: Permission) -> None:
    """Raise NoAccess(`permission`) unless the tag is the caller's."""
    if not own(auth, [tag_id]):
        raise NoAccess(permission)


def with_tag(tag_id: str, auth: Auth) -> Any:
    """The filter `tagId`: what carries the tag or one below it."""
    require(auth, tag_id, Permission.TAG_READ)
    return Asset.id.in_(_below(TagClosure.ancestor == tag_id))


def with_tags(tag_ids: list[str] | None, auth: Auth) -> Any:
    """The filter `tagIds`: what carries each of the tags, or one below it. None asks for what carries no tag.

    An unknown tag finds nothing, nor does the same one twice; so it is on the real server.
    """
    if tag_ids is None:
        mine = TagAsset.select(SQL("1")).join(Tag).where(TagAsset.asset == Asset.id, Tag.user == auth.user_id)
        return ~fn.EXISTS(mine)
    if not tag_ids:
        return SQL("1 = 1")
    if len(own(auth, tag_ids)) < len(tag_ids):
        return SQL("1 = 0")
    return Asset.id.in_(_below(TagClosure.ancestor.in_(many(tag_ids))).group_by(TagAsset.asset)
                        .having(fn.COUNT(TagClosure.ancestor.distinct()) == len(tag_ids)))


def _below(ancestors: Any) -> Any:
    return TagAsset.select(TagAsset.asset).join(TagClosure, on=TagClosure.descendant == TagAsset.tag).where(ancestors)
