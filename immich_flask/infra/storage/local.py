"""Objects as files in a folder; a key is the path below it.

A file is written under a temporary name in `tmp/`, synced, renamed into place, and its directory synced: whatever
happens, a key holds a whole file or none, and what `put` has returned survives a power cut.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat as modes
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import FileIO
from pathlib import Path
from uuid import uuid4

from immich_flask.infra.fields import since_epoch
from immich_flask.infra.storage.base import (
    FULL,
    TEMPORARY,
    DiskUsage,
    ObjectInfo,
    ObjectNotFound,
    ObjectStream,
    StorageError,
    StorageFull,
    StorageUnavailable,
    Stored,
    check_key,
)

# People's photos: nobody else's business on a shared machine.
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700

_TEMPORARY = {errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN, errno.EMFILE, errno.ENFILE}
_CANNOT_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP}


_seen: set[Path] = set()
"""Roots that were there in this process, or in the one that it is a fork of. Should one be empty later, its disk is not
mounted any more; what is written then would lie below the mount point, out of sight as soon as the disk is back."""


class LocalStorage:
    """See `base.Storage` for what the methods promise. `root` is made when it is first needed, and never again."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._temporary = self.root / TEMPORARY

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str | None = None) -> Stored:
        target = self._path(key)
        digest = hashlib.sha1(usedforsecurity=False)
        size = 0
        with self._unfinished(key) as file:
            # What the iterable raises is not this storage's fault and passes through untranslated: hence one
            # translation per step, and none around the loop.
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                with _translated(key):
                    _write(file, chunk)
            with _translated(key):
                os.fsync(file.fileno())
                file.close()
                self._publish(Path(file.name), target)
        return Stored(key, size, digest.digest())

    def open(self, key: str, start: int = 0, length: int | None = None) -> ObjectStream:
        try:
            return read_file(key, self.local_path(key), start, length)
        except ObjectNotFound:
            self._require_disk()
            raise

    def stat(self, key: str) -> ObjectInfo:
        try:
            return stat_file(key, self.local_path(key))
        except ObjectNotFound:
            self._require_disk()
            raise

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except ObjectNotFound:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        failed: dict[str, OSError] = {}
        directories = set()
        for key in keys:
            path = self._path(key)
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                failed[key] = error
                continue
            directories.add(path.parent)
        self._prune(directories)
        if failed:
            key, error = next(iter(failed.items()))
            raise StorageError(f"{len(failed)} objects not deleted, first {key!r}: {error.strerror}") from error

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        directory, _, _ = prefix.rpartition("/")
        if directory:
            check_key(directory)
        stack = [directory]
        while stack:
            directory = stack.pop()
            with _translated(directory):
                entries = _entries(self.root, directory)
            for key, entry in entries:
                if entry.is_dir():
                    # Below the last slash of the prefix only what matches its rest; deeper down everything does.
                    if (key + "/").startswith(prefix) or prefix.startswith(key + "/"):
                        stack.append(key)
                elif key.startswith(prefix):
                    # Deleted since it was listed: then it is not there.
                    with suppress(ObjectNotFound):
                        yield self.stat(key)

    def copy(self, source: str, target: str) -> None:
        check_key(target)
        if source == target:
            self.stat(source)
            return
        with self.open(source) as stream:
            self.put(target, stream)

    def presigned_url(self, key: str, *, expires: timedelta, content_type: str, disposition: str) -> str | None:
        check_key(key)
        return None

    def local_path(self, key: str) -> str:
        # A text, as a `Path` takes several times as long to make, and most requests for pictures need one.
        return f"{self.root}/{check_key(key)}"

    @contextmanager
    def as_file(self, key: str, *, again: bool = False) -> Iterator[Path]:
        self.stat(key)
        yield self._path(key)

    def reach(self) -> None:
        # A disk that is not mounted leaves an empty folder, or none; `check` has made `tmp` on the right one.
        if not os.access(self._temporary, os.W_OK | os.X_OK):
            raise StorageUnavailable(f"{self._temporary} is not there, or not to be written to")

    def check(self) -> None:
        key = f"check-{uuid4().hex}"
        try:
            self.put(key, [key.encode()])
            with self.open(key) as stream:
                same = stream.read() == key.encode()
            self.delete([key])
        except StorageFull as error:
            raise StorageFull(f"no space left in {self.root}: free some, or change storage.path") from error
        except StorageError as error:
            reason = getattr(error.__cause__, "strerror", None) or error
            raise StorageError(f"user {os.geteuid()} cannot write to the folder {self.root} ({reason}): "
                               "change its owner or storage.path") from error
        if not same:
            raise StorageError(f"the folder {self.root} does not give back what was written: change storage.path")

    def free_space(self) -> DiskUsage:
        with _translated(""):
            usage = shutil.disk_usage(_existing(self.root))
        return DiskUsage(usage.total, usage.used, usage.free)

    def sweep(self, older_than: timedelta) -> int:
        limit = time.time() - older_than.total_seconds()
        removed = 0
        with _translated(TEMPORARY), suppress(FileNotFoundError), os.scandir(self._temporary) as entries:
            for entry in entries:
                # An upload in progress touches its file with every chunk. Another sweep may be faster than this one.
                with suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_mtime < limit:
                        os.unlink(entry.path)
                        removed += 1
        return removed

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _require_disk(self) -> None:
        if self.root in _seen and not self._temporary.is_dir():
            raise StorageUnavailable(f"{self._temporary} was there, and is not any more: is its disk mounted?")

    @contextmanager
    def _unfinished(self, key: str) -> Iterator[FileIO]:
        """A temporary file that is closed and gone afterwards, unless it was renamed."""
        path = self._temporary / uuid4().hex
        self._require_disk()
        with _translated(key):
            _make_directory(self._temporary)
            _seen.add(self.root)
            file = FileIO(path, "xb", opener=lambda name, flags: os.open(name, flags, FILE_MODE))
        try:
            yield file
        finally:
            file.close()
            path.unlink(missing_ok=True)

    def _publish(self, temporary: Path, target: Path) -> None:
        attempts = 20
        while True:
            try:
                _make_directory(target.parent)
                os.rename(temporary, target)
                break
            except FileNotFoundError:
                # A delete has pruned one of the directories in between.
                attempts -= 1
                if not attempts:
                    raise
        # Deleted already, directory and all: then there is nothing to sync.
        with suppress(FileNotFoundError):
            _sync_directory(target.parent)

    def _prune(self, directories: set[Path]) -> None:
        for directory in directories:
            while directory != self.root:
                try:
                    directory.rmdir()
                except OSError:
                    # Not empty, or gone already: either way there is nothing to do here or above.
                    break
                directory = directory.parent


def read_file(key: str, path: str | Path, start: int = 0, length: int | None = None) -> ObjectStream:
    """`Storage.open` of the file at `path`."""
    if start < 0:
        raise ValueError(f"start is {start}")
    with _translated(key, reading=True):
        file = FileIO(path)
        info = _info(key, os.fstat(file.fileno()))
        file.seek(start)

    def read(size: int) -> bytes:
        with _translated(key):
            return file.read(size)

    left = max(info.size - start, 0)
    return ObjectStream(info, read, file.close, left if length is None else min(left, length))


def stat_file(key: str, path: str | Path) -> ObjectInfo:
    """`Storage.stat` of the file at `path`."""
    with _translated(key, reading=True):
        return _info(key, os.stat(path))


@contextmanager
def _translated(key: str, *, reading: bool = False) -> Iterator[None]:
    """The operating system's errors in the words of the protocol."""
    try:
        yield
    except OSError as error:
        if reading and isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError)):
            raise ObjectNotFound(key) from error
        if error.errno in FULL:
            raise StorageFull(f"no space left for {key!r}: {error.strerror}") from error
        if error.errno == errno.EXDEV:
            raise StorageError(f"{key!r} lies on another file system than {TEMPORARY}/; mount them as one") from error
        kind = StorageUnavailable if error.errno in _TEMPORARY else StorageError
        raise kind(f"{key!r}: {error.strerror or error}") from error


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    if not modes.S_ISREG(status.st_mode):
        raise ObjectNotFound(key)
    return ObjectInfo(key, status.st_size, since_epoch(status.st_mtime))


def _entries(root: Path, directory: str) -> list[tuple[str, os.DirEntry]]:
    """Key and entry of what is in one directory, as far as it can be ours."""
    try:
        with os.scandir(root / directory) as found:
            entries = [(f"{directory}/{entry.name}" if directory else entry.name, entry) for entry in found]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [(key, entry) for key, entry in entries if _is_key(key)]


def _is_key(key: str) -> bool:
    try:
        check_key(key)
    except ValueError:
        return False
    return True


def _write(file: FileIO, chunk: bytes) -> None:
    """Unbuffered, so that a full disk shows itself here and not when the file is closed."""
    view = memoryview(chunk)
    while view:
        view = view[file.write(view):]


def _make_directory(directory: Path) -> None:
    """With its parents, each synced into the one above."""
    if directory.is_dir():
        return
    _make_directory(directory.parent)
    with suppress(FileExistsError):
        directory.mkdir(DIRECTORY_MODE)
        _sync_directory(directory.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems sync files only.
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
