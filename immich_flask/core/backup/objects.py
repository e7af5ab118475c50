"""The storage beside the database: a folder `objects` that grows with each backup, and putting back what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from immich_flask.core.backup.restoring import Expected
from immich_flask.infra.storage.base import ObjectInfo, ObjectNotFound, Storage


@dataclass(slots=True)
class Copied:
    """What became of the objects: `copied` (of `bytes`), `kept` (they were there), and the keys of those that are
    `missing` where they come from, or `damaged` there: not those that the manifest has."""

    copied: int = 0
    bytes: int = 0
    kept: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


class _Damaged(Exception):
    """The bytes are not those of the checksum."""


def copy_objects(expected: Iterable[Expected], source: Storage, target: Storage, *, refresh: bool,
                 progress: Callable[[Copied], None] = lambda copied: None) -> Copied:
    """Copy what is not at the target in the same size; with `refresh` also what is younger at the source.

    What is damaged is not copied, and what the target had under its key stays.
    """
    done = Copied()
    for one in expected:
        try:
            there = source.stat(one.key)
            if _is_there(there, target, refresh):
                done.kept += 1
            else:
                target.put(one.key, _checked(one, source))
                done.copied += 1
                done.bytes += there.size
        except ObjectNotFound:
            done.missing.append(one.key)
        except _Damaged:
            done.damaged.append(one.key)
        progress(done)
    return done


def _checked(one: Expected, source: Storage) -> Iterator[bytes]:
    digest = hashlib.sha1(usedforsecurity=False)
    with source.open(one.key) as stream:
        for chunk in stream:
            digest.update(chunk)
            yield chunk
    if one.sha1 is not None and digest.hexdigest() != one.sha1:
        # Before the end, so that the target drops what it got.
        raise _Damaged


def _is_there(source: ObjectInfo, target: Storage, refresh: bool) -> bool:
    try:
        copy = target.stat(source.key)
    except ObjectNotFound:
        return False
    return copy.size == source.size and not (refresh and copy.modified < source.modified)
