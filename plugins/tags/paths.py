"""Making tags from paths: `places/lake/shore` is a tag below `places/lake`, which is one below `places`.

All this happens in transactions that hold the lock of the owner (`core.assets.quota.lock`), so nobody else makes the
same tags meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peewee import Value

from immich_flask.contracts.errors import BadRequest
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import chunks, many
from immich_flask.infra.sql import text_list, update_each
from plugins.tags.models import Tag, TagClosure

MAX_LENGTH = 500
"""Characters of a path. PostgreSQL has an index on it, which takes no more than 2,700 bytes."""

MAX_LEVELS = 30

MAX_AT_ONCE = 10_000
"""Tags that one call may name, those above them included."""


def normal(path: str) -> str:
    """The path without empty levels; empty when there are no others."""
    return "/".join(filter(None, path.split("/")))


def levels(paths: Iterable[str]) -> dict[str, str | None]:
    """All tags that `paths`, which are normal, stand for, each with the one above it; that comes before it.

    Raises BadRequest for what is too long or too much.
    """
    found: dict[str, str | None] = {}
    for path in paths:
        check(path)
        above = None
        for at in (*(at for at, letter in enumerate(path) if letter == "/"), len(path)):
            found[path[:at]] = above
            above = path[:at]
        if len(found) > MAX_AT_ONCE:
            raise BadRequest(f"At most {MAX_AT_ONCE} tags at once")
    return found


def fits(path: str) -> bool:
    return len(path) <= MAX_LENGTH and path.count("/") < MAX_LEVELS


def check(path: str) -> None:
    """Raise BadRequest for a path that is too long, or goes too deep."""
    if not fits(path):
        raise BadRequest(f"A tag has at most {MAX_LENGTH} characters and {MAX_LEVELS} levels")


def ensure(owner_id: str, wanted: Mapping[str, str | None]) -> dict[str, str]:
    """The ids of the tags with these paths (as `levels` gives them), made where they are missing."""
    known = {value: (tag_id, parent_id) for tag_id, value, parent_id in Tag.select(Tag.id, Tag.value, Tag.parent).where(
        Tag.user == owner_id, Tag.value.in_(text_list(wanted))).tuples()}
    ids = {value: known[value][0] if value in known else new_id() for value in wanted}
    parents = {value: ids[above] if above else None for value, above in wanted.items()}
    new = [value for value in wanted if value not in known]
    for some in chunks(new):
        Tag.insert_many([{"id": ids[value], "user": owner_id, "value": value, "parent": parents[value]}
                         for value in some]).execute()
    _link((ids[above], ids[value]) for value in new for above in _upwards(value, wanted))
    _adopt({value: parents[value] for value in wanted
            if value in known and known[value][1] != parents[value]}, ids, wanted)
    return ids


def link_below(tag_id: str, parent_id: str | None) -> None:
    """A new tag lies below itself, and below its parent and all that is above that."""
    _link([(tag_id, tag_id)])
    if parent_id:
        above = TagClosure.select(TagClosure.ancestor, Value(tag_id)).where(TagClosure.descendant == parent_id)
        TagClosure.insert_from(above, [TagClosure.ancestor, TagClosure.descendant]).execute()


def _adopt(parents: Mapping[str, str | None], ids: Mapping[str, str], wanted: Mapping[str, str | None]) -> None:
    """Put tags below others: those whose name, when they were made, held several levels at once."""
    if not parents:
        return
    update_each(Tag, {ids[value]: {"parent_id": parent_id} for value, parent_id in parents.items()})
    values = {ids[value]: value for value in parents}
    below = TagClosure.select(TagClosure.ancestor, TagClosure.descendant).where(
        TagClosure.ancestor.in_(many(values))).tuples()
    _link((ids[above], descendant) for tag_id, descendant in list(below) for above in _upwards(values[tag_id], wanted))


def _upwards(value: str, wanted: Mapping[str, str | None]) -> Iterable[str]:
    above: str | None = value
    while above is not None:
        yield above
        above = wanted[above]


def _link(pairs: Iterable[tuple[str, str]]) -> None:
    for some in chunks(pairs):
        TagClosure.insert_many(some, fields=[TagClosure.ancestor, TagClosure.descendant]).on_conflict_ignore().execute()
