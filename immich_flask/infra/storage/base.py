"""The storage protocol: what every backend does, in the same words and with the same errors.

A key is a relative path like `originals/{userId}/{assetId}/{filename}`. `check_key` says which are legal;
`safe_segment` makes a legal segment of whatever a client calls its file.
"""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes per step when something is read from a storage."""

MAX_KEY = 1024
"""Bytes of UTF-8: the limit of S3 (docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""

MAX_SEGMENT = 255
"""Bytes of UTF-8 between two slashes: the limit of ext4, XFS, btrfs and ZFS."""

MAX_SAFE_SEGMENT = 140
"""Bytes that `safe_segment` uses: encrypted folders (eCryptfs, some NAS systems) take 143."""

TEMPORARY = "tmp"
"""First segment of the local backend's unfinished files: no key may begin with it, whatever the backend."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the operating system says when there is no space, no quota, or no file may be larger."""

# The second group cannot be written in the XML in which S3 is asked to delete many objects.
_ILLEGAL = re.compile("[\\\\\x00-\x1f\x7f]|[\ud800-\udfff\ufffe\uffff]")
# Also out: what Windows, exFAT and SMB forbid, so that the folder can be copied anywhere; and the invisible marks
# with which the end of a name is made to look like its middle.
_UNSAFE = re.compile(_ILLEGAL.pattern + '|[/:*?"<>|\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]')


class StorageError(Exception):
    """The storage cannot do what it was asked. The text is for the log, not for clients: it names keys and paths."""


class ObjectNotFound(StorageError):
    """There is nothing under this key. `key` holds it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no object {key!r}")
        self.key = key


class StorageUnavailable(StorageError):
    """It does not answer now (connection refused, time-out, 5xx): trying again later may help."""


class StorageFull(StorageError):
    """No space or no quota left."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` wrote: `size` in bytes, `checksum` the 20 bytes of SHA-1 with which Immich identifies files."""

    key: str
    size: int
    checksum: bytes


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """`size` in bytes, `modified` in UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """Bytes. `free` is what this process may still write; reserved blocks make it less than total - used."""

    total: int
    used: int
    free: int


class ObjectStream:
    """An object being read: iterate over it or `read(n)`, and close it (it is its own context manager).

    `info` describes the whole object, also when only a range of it is read. Reading raises StorageUnavailable when the
    other side goes away midway; it never ends early without an error.
    """

    def __init__(self, info: ObjectInfo, read: Callable[[int], bytes], close: Callable[[], None], length: int) -> None:
        self.info = info
        self.length = length
        self._left = length
        self._read = read
        self._close = close

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (all that is left, if negative); empty at the end."""
        if size < 0:
            return b"".join(self)
        data = self._read(min(size, self._left)) if size and self._left else b""
        if not data and size and self._left:
            raise StorageUnavailable(f"{self.info.key!r} ended {self._left} bytes early")
        self._left -= len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(CHUNK):
            yield data

    def close(self) -> None:
        self._close()

    def __enter__(self) -> ObjectStream:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Storage(Protocol):
    """A flat set of objects under keys. Every method may be called from several threads at once.

    All raise ValueError for an illegal key, StorageUnavailable and StorageError as their texts say.
    """

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str | None = None) -> Stored:
        """Store what `chunks` yields, replacing what was there. One pass; memory does not grow with the size.

        The object appears whole or not at all: when `chunks` raises, that error is passed on as it is and neither the
        object nor anything temporary remains. Raises StorageFull.
        """

    def open(self, key: str, start: int = 0, length: int | None = None) -> ObjectStream:
        """Read from byte `start` on, at most `length` bytes. Beyond the end there is nothing, and that is no error.

        Raises ObjectNotFound here, not when the stream is read.
        """

    def stat(self, key: str) -> ObjectInfo:
        """Raises ObjectNotFound."""

    def exists(self, key: str) -> bool:
        """False only if it is known not to exist: an unreachable storage raises."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete them all, in batches; what does not exist is fine. Raises StorageError naming what is still there,
        after having tried every one."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key begins with the text `prefix` (which need not end at a slash), in no particular order,
        without holding them all."""

    def copy(self, source: str, target: str) -> None:
        """Put the bytes of one under another key. Raises ObjectNotFound."""

    def presigned_url(self, key: str, *, expires: timedelta, content_type: str, disposition: str) -> str | None:
        """A URL from which anybody can read the object until it expires, answered with these two headers.

        None where there is no such thing, or where the operator does not want redirects to it.
        """

    def local_path(self, key: str) -> str | None:
        """Where the file is, if it is one on this machine (it need not exist)."""

    def as_file(self, key: str, *, again: bool = False) -> AbstractContextManager[Path]:
        """A file to read for libraries that want one, with the extension of the key. Raises ObjectNotFound.

        again: the same bytes will be wanted again in a moment, perhaps by another process of this machine; for keys
        whose bytes never change. What was fetched is kept for it, if that is little."""

    def reach(self) -> None:
        """Raise StorageError unless it is there now; cheap, and writes nothing."""

    def check(self) -> None:
        """Write, read and delete a small object. Raises StorageError with one line that says what to change."""

    def free_space(self) -> DiskUsage | None:
        """None where there is no limit to speak of."""

    def sweep(self, older_than: timedelta) -> int:
        """Remove what crashed uploads have left unfinished. Returns how many there were."""


@lru_cache(maxsize=4096)
def check_key(key: str) -> str:
    """Returns `key`. Raises ValueError if it isn't legal: relative, no empty, `.` or `..` segment, no control character
    and no backslash, at most 1024 bytes and 255 per segment, not below `tmp/`."""
    segments = key.split("/")
    if _ILLEGAL.search(key):
        problem = "an illegal character"
    elif any(segment in ("", ".", "..") for segment in segments):
        problem = "an empty or dot segment"
    elif len(key.encode()) > MAX_KEY or any(len(segment.encode()) > MAX_SEGMENT for segment in segments):
        problem = "too many bytes"
    elif segments[0] == TEMPORARY:
        problem = "the reserved beginning tmp/"
    else:
        return key
    raise ValueError(f"storage key has {problem}: {key[:100]!r}")


def safe_segment(name: str) -> str:
    """A legal key segment for a client's file name: readable, bounded, with the same extension.

    Not unique, and not reversible: the real name is kept in the database.
    """
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip().rstrip(". ")
    name = re.sub(r"^\.+", "_", name) or "_"
    if len(name.encode()) <= MAX_SAFE_SEGMENT:
        return name
    stem, extension = os.path.splitext(name)
    if len(extension.encode()) > 32:
        stem, extension = name, ""
    return _cut(stem, MAX_SAFE_SEGMENT - len(extension.encode())) + extension


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(". ")
