"""Making, showing and removing tags (server/src/services/tag.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, many
from immich_flask.infra.fields import now, wire
from immich_flask.infra.sql import Lookup
from immich_flask.infra.texts import sort_key
from plugins.tags import access, paths, tagging
from plugins.tags.models import Tag, TagAsset, TagClosure

TAG_COLUMNS = (Tag.id, Tag.value, Tag.parent, Tag.color, wire(Tag.created_at), wire(Tag.updated_at))


def tags(auth: Auth) -> list[dict]:
    """All tags of the caller, by path."""
    return _answers(Tag.user == auth.user_id)


def tag(auth: Auth, tag_id: str) -> dict:
    """Raises NoAccess(tag.read)."""
    access.require(auth, tag_id, Permission.TAG_READ)
    return _answer(tag_id)


def create(auth: Auth, name: str, *, parent_id: str | None = None, color: str | None = None) -> dict:
    """Make a tag below `parent_id`, or at the top. Raises NoAccess(tag.read) for the parent, and BadRequest where it
    would be the second of that path."""
    with atomic():
        quota.lock([auth.user_id])
        value = name
        if parent_id:
            access.require(auth, parent_id, Permission.TAG_READ)
            value = f"{Tag.get_by_id(parent_id).value}/{name}"
        paths.check(value)
        if Tag.select().where(Tag.user == auth.user_id, Tag.value == value).exists():
            raise BadRequest("A tag with that name already exists")
        made = Tag.create(user=auth.user_id, value=value, parent=parent_id, color=color)
        paths.link_below(made.id, parent_id)
    return _answer(made.id)


def upsert(auth: Auth, wanted: Iterable[str]) -> list[dict]:
    """The tags with these paths, made where they are missing; an answer for each path that is not empty."""
    leaves = [path for path in map(paths.normal, dict.fromkeys(wanted)) if path]
    with atomic():
        quota.lock([auth.user_id])
        ids = paths.ensure(auth.user_id, paths.levels(leaves))
        found = {answer["id"]: answer for answer in _answers(Tag.id.in_(many({ids[path] for path in leaves})))}
    return [found[ids[path]] for path in leaves]


def update(auth: Auth, tag_id: str, changes: dict[str, Any]) -> dict:
    """Change the colour; None takes it away. The name stays, whatever is sent. Raises NoAccess(tag.update)."""
    access.require(auth, tag_id, Permission.TAG_UPDATE)
    if "color" in changes:
        with atomic():
            Tag.update(color=changes["color"], updated_at=now()).where(Tag.id == tag_id).execute()
    return _answer(tag_id)


def remove(auth: Auth, tag_id: str) -> None:
    """Remove the tag and all below it, also from what carries them. Raises NoAccess(tag.delete)."""
    with atomic():
        quota.lock([auth.user_id])
        access.require(auth, tag_id, Permission.TAG_DELETE)
        below = TagClosure.select(TagClosure.descendant).where(TagClosure.ancestor == tag_id)
        carriers = [asset_id for asset_id, in
                    TagAsset.select(TagAsset.asset).distinct().where(TagAsset.tag.in_(below)).tuples()]
        Tag.delete().where(Tag.id.in_(below)).execute()
        tagging.remember(auth.user_id, carriers)


def remove_unused() -> None:
    """Remove the tags that nothing carries, neither them nor any below."""
    unused = ~fn.EXISTS(TagClosure.select(SQL("1")).join(TagAsset, on=TagAsset.tag == TagClosure.descendant)
                        .where(TagClosure.ancestor == Tag.id))
    for user_id, in list(Tag.select(Tag.user).distinct().where(unused).tuples()):
        with atomic():
            # Nobody may put one on something just now.
            quota.lock([user_id])
            Tag.delete().where(Tag.user == user_id, unused).execute()


def of_assets(auth: Auth, asset_ids: list[str]) -> dict[str, list[dict]]:
    """The tags of assets by their ids, each list by path; one query. Whoever sees an asset sees its owner's tags, and
    his own; a tag that a partner put on it is nobody else's business."""
    found: dict[str, list[dict]] = {}
    for asset_id, *row in _tags_of.rows(asset_ids, auth.user_id):
        found.setdefault(asset_id, []).append(_tag(*row))
    return found


_tags_of = Lookup(lambda asset_ids, viewer_id: (
    TagAsset.select(TagAsset.asset, *TAG_COLUMNS).join(Tag).join(Asset, on=Asset.id == TagAsset.asset)
    .where(TagAsset.asset.in_(many(asset_ids)), (Tag.user == Asset.owner) | (Tag.user == viewer_id))
    .order_by(Tag.value)))


def _answer(tag_id: str) -> dict:
    return _tag(*Tag.select(*TAG_COLUMNS).where(Tag.id == tag_id).tuples().get())


def _answers(condition: Any) -> list[dict]:
    found = [_tag(*row) for row in Tag.select(*TAG_COLUMNS).where(condition).tuples()]
    # Not by the database: SQLite puts all capitals before all small letters, PostgreSQL goes by its own settings.
    return sorted(found, key=lambda tag: sort_key(tag["value"]))


def _tag(tag_id: str, value: str, parent_id: str | None, color: str | None, created_at: str, updated_at: str) -> dict:
    answer = {"id": tag_id, "name": value.rpartition("/")[2], "value": value, "createdAt": created_at,
              "updatedAt": updated_at}
    if parent_id:
        answer["parentId"] = parent_id
    if color:
        answer["color"] = color
    return answer
