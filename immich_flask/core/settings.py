"""What the administrator can change while the server runs, and what the server remembers about itself.

    setting("trash.days")              one value of the system configuration
    system_config()                    all of it; do not change the dict
    system_metadata("admin-onboarding")

Only the differences from the defaults are stored, so that a default that changes with a release reaches everybody who
never touched it. Each process keeps the configuration for a second, then looks whether the stored differences changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import peewee

from immich_flask.contracts.events import ConfigUpdated
from immich_flask.core.events import emit
from immich_flask.core.models import SystemMetadata
from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.db import after_commit, atomic, connected, db
from immich_flask.infra.fields import now

CONFIG_KEY = "system-config"

FRESH_SECONDS = 1.0
"""How long a process trusts its copy: a change made by another process has effect after this time at the latest."""


@dataclass(slots=True)
class _Copy:
    stored: dict
    config: dict
    read_at: float


_copies: WeakKeyDictionary[peewee.Database, _Copy] = WeakKeyDictionary()
"""By database: tests have several in one process."""


def system_config(*, fresh: bool = False) -> dict[str, dict[str, Any]]:
    """The whole configuration, `{section: {key: value}}`; shared, so copy it before changing anything.

    fresh: as it is now, for whoever shows it to be changed: another process may just have saved it.
    """
    copy = _copies.get(db.obj)
    if not fresh and copy is not None and time.monotonic() - copy.read_at < FRESH_SECONDS:
        return copy.config
    read_at = time.monotonic()
    stored = system_metadata(CONFIG_KEY) or {}
    if copy is None or copy.stored != stored:
        copy = _Copy(stored, _overlaid(DEFAULTS, stored), read_at)
    else:
        copy.read_at = read_at
    _copies[db.obj] = copy
    return copy.config


def setting(path: str) -> Any:
    """One value, by its path: `setting("image.preview.size")`. KeyError when there is no such key."""
    value: Any = system_config()
    for key in path.split("."):
        value = value[key]
    return value


def update_system_config(new: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Save a complete and valid configuration; returns the one in force then, and emits ConfigUpdated.

    Empty text and null stand for the default, as upstream has it (server/src/utils/config.ts).
    """
    _normalize(new)
    stored: dict = {}
    for path in _paths(DEFAULTS):
        value = _at(new, path)
        if value not in (None, "") and value != _at(DEFAULTS, path):
            _put(stored, path, value)
    with atomic():
        set_system_metadata(CONFIG_KEY, stored)
        after_commit(lambda: _copies.pop(db.obj, None))
        emit(ConfigUpdated())
    return _overlaid(DEFAULTS, stored)


def system_metadata(key: str, default: Any = None) -> Any:
    """The JSON value remembered under `key`."""
    with connected():
        row = SystemMetadata.get_or_none(SystemMetadata.key == key)
    return default if row is None else row.value


def set_system_metadata(key: str, value: Any) -> None:
    """Remember a JSON value under `key`, in place of the one before."""
    with atomic():
        (SystemMetadata.insert(key=key, value=value, updated_at=now())
         .on_conflict(conflict_target=[SystemMetadata.key],
                      preserve=[SystemMetadata.value, SystemMetadata.updated_at]).execute())


def forget_system_metadata(key: str) -> None:
    """Remove what is remembered under `key`, if there is anything."""
    with atomic():
        SystemMetadata.delete().where(SystemMetadata.key == key).execute()


def _normalize(config: dict) -> None:
    """Two rules of upstream: the external domain is an origin without a path, and what films are converted to is
    always accepted as it is."""
    if domain := config["server"]["externalDomain"]:
        parts = urlsplit(domain)
        config["server"]["externalDomain"] = f"{parts.scheme}://{parts.netloc}"
    video = config["ffmpeg"]
    for accepted, target in (("acceptedVideoCodecs", "targetVideoCodec"), ("acceptedAudioCodecs", "targetAudioCodec")):
        if video[target] not in video[accepted]:
            video[accepted] = [*video[accepted], video[target]]


def _overlaid(defaults: dict, stored: dict) -> dict:
    """The defaults with the stored values in their places; stored keys that no longer exist are left out."""
    config = deepcopy(defaults)
    for path in _paths(defaults):
        value = _at(stored, path)
        if value is not None:
            _put(config, path, value)
    return config


def _paths(tree: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every value that is not itself a group of values."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))
        else:
            yield *above, key


def _at(tree: dict, path: tuple[str, ...]) -> Any:
    """The value at `path`, None when there is none."""
    value: Any = tree
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _put(tree: dict, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
