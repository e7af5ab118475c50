"""Folders of the machine: which may be libraries, and what is in them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from immich_flask.contracts import media_types
from immich_flask.core.runtime import runtime
from immich_flask.infra.storage.outside import Folders
from plugins.libraries.patterns import Exclusions

log = logging.getLogger(__name__)

SETTING = "allowed_folders"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its size in bytes, and when it was changed, in UTC to the millisecond."""

    path: str
    size: int
    modified: datetime


def allowed_folders() -> list[str]:
    """`[plugin.libraries] allowed_folders`."""
    return runtime.plugins.settings["libraries"][SETTING]


def refusal(path: str) -> str | None:
    """Why the operator does not let `path` be a library, whether or not there is such a folder; None if he does."""
    if Folders(_ours()).hold(path):
        return "Cannot use media upload folder for external libraries"
    if not os.path.isabs(path):
        return f"Import path must be absolute, try {os.path.abspath(path)}"
    allowed = allowed_folders()
    if not Folders(allowed).hold(path):
        return (f"Folder is not allowed on this server; allowed are {', '.join(allowed) or 'none'} "
                f"([plugin.libraries] {SETTING})")
    return None


def wrong_with(path: str) -> str | None:
    """Why a library cannot be made of `path`; None if it can. The words are those of the wire where it has some."""
    if (why := refusal(path)) is not None:
        return why
    try:
        if not os.path.isdir(path):
            os.stat(path)
            return "Not a directory"
    except FileNotFoundError:
        return "Path does not exist (ENOENT)"
    except OSError as error:
        return f"Path cannot be read ({error.strerror})"
    return None if os.access(path, os.R_OK | os.X_OK) else "Lacking read permission for folder"


def look_at(path: str) -> Found | None:
    """A file that can be read; None when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not os.access(path, os.R_OK) or not os.path.isfile(path):
        return None
    return Found(path, status.st_size, _EPOCH + timedelta(milliseconds=status.st_mtime_ns // 1_000_000))


def walk(folder: str, exclusions: Exclusions) -> Iterator[Found]:
    """The photos and films in a folder and those below it, but for hidden ones and those left out. Links are followed
    within the allowed folders, no folder twice; our own files are passed over."""
    allowed, ours = Folders(allowed_folders()), Folders(_ours())
    seen: set[tuple[int, int]] = set()
    stack = [os.path.normpath(folder)]
    while stack:
        at = stack.pop()
        for entry in _entries(at, seen):
            path = os.path.join(at, entry.name)
            if entry.name.startswith(".") or not _is_text(path):
                continue
            is_link = entry.is_symlink()
            if is_link and not allowed.hold(path):
                log.warning("%s leads out of the allowed folders and is passed over", path)
            elif _is(entry.is_dir):
                if not exclusions.exclude_folder(path) and not ours.hold(path):
                    stack.append(path)
            elif media_types.asset_type(entry.name) is not None and not exclusions.exclude(path):
                if (found := look_at(path)) is not None:
                    yield found


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[os.DirEntry]:
    try:
        status = os.stat(folder)
        if (key := (status.st_dev, status.st_ino)) in seen:
            return []
        seen.add(key)
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        log.warning("%s cannot be read: %s", folder, error.strerror)
        return []


def _is(question: object) -> bool:
    try:
        return question()
    except OSError:
        return False


def _is_text(path: str) -> bool:
    """Names that are no UTF-8 can be stored nowhere."""
    try:
        path.encode()
    except UnicodeEncodeError:
        log.warning("%r has a name that is no text and is passed over", path)
        return False
    return True


def _ours() -> list[Path]:
    config = runtime.config
    return [config.data_path, *([config.storage_path] if config.storage.backend == "local" else [])]
