"""Files of this machine that are not ours, beside the storage that is: read where somebody allows it, never written.

Their keys are absolute paths (`/mnt/photos/a.jpg`), which no key of the storage is. Only what really lies in an allowed
folder is read, wherever links lead; everything else is as if it were not there. Nothing is ever written or deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from immich_flask.infra.storage.base import (
    DiskUsage,
    ObjectInfo,
    ObjectNotFound,
    ObjectStream,
    Storage,
    StorageError,
    Stored,
)
from immich_flask.infra.storage.local import read_file, stat_file


def is_outside(key: str) -> bool:
    """Whether a key names a file that is not in our storage."""
    return key.startswith("/")


class Folders:
    """Folders, and what is really in them."""

    def __init__(self, folders: Iterable[str | Path] = ()) -> None:
        self._roots = tuple(os.path.realpath(folder) for folder in folders)

    def hold(self, path: str | Path) -> bool:
        """Whether `path`, with all links followed, is one of the folders or below one."""
        real = os.path.realpath(path)
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in self._roots)


class WithOutside:
    """A storage, and files outside of it. See `base.Storage` for what the methods promise."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._allowed = Folders()

    def allow_outside(self, folders: Iterable[str | Path]) -> None:
        """Let files in these folders be read, and no others."""
        self._allowed = Folders(folders)

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str | None = None) -> Stored:
        if is_outside(key):
            raise StorageError(f"{key!r} is not ours to write")
        return self._storage.put(key, chunks, content_type=content_type)

    def open(self, key: str, start: int = 0, length: int | None = None) -> ObjectStream:
        if is_outside(key):
            return read_file(key, self._path(key), start, length)
        return self._storage.open(key, start, length)

    def stat(self, key: str) -> ObjectInfo:
        return stat_file(key, self._path(key)) if is_outside(key) else self._storage.stat(key)

    def exists(self, key: str) -> bool:
        if not is_outside(key):
            return self._storage.exists(key)
        try:
            self.stat(key)
        except ObjectNotFound:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        self._storage.delete([key for key in keys if not is_outside(key)])

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return self._storage.list(prefix)

    def copy(self, source: str, target: str) -> None:
        if is_outside(source):
            with self.open(source) as stream:
                self.put(target, stream)
        elif is_outside(target):
            raise StorageError(f"{target!r} is not ours to write")
        else:
            self._storage.copy(source, target)

    def presigned_url(self, key: str, *, expires: timedelta, content_type: str, disposition: str) -> str | None:
        if is_outside(key):
            return None
        return self._storage.presigned_url(key, expires=expires, content_type=content_type, disposition=disposition)

    def local_path(self, key: str) -> str | None:
        return str(self._path(key)) if is_outside(key) else self._storage.local_path(key)

    def as_file(self, key: str, *, again: bool = False) -> AbstractContextManager[Path]:
        return self._as_file(key) if is_outside(key) else self._storage.as_file(key, again=again)

    def reach(self) -> None:
        self._storage.reach()

    def check(self) -> None:
        self._storage.check()

    def free_space(self) -> DiskUsage | None:
        return self._storage.free_space()

    def sweep(self, older_than: timedelta) -> int:
        return self._storage.sweep(older_than)

    @contextmanager
    def _as_file(self, key: str) -> Iterator[Path]:
        self.stat(key)
        yield self._path(key)

    def _path(self, key: str) -> Path:
        if not self._allowed.hold(key):
            raise ObjectNotFound(key)
        return Path(key)
