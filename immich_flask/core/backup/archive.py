"""The file that a backup is."""

from __future__ import annotations

import gzip
import re
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import orjson

from immich_flask import WIRE_VERSION, __version__
from immich_flask.contracts.errors import BadRequest
from immich_flask.infra.fields import instant

META, DATABASE, OBJECTS = "meta.json", "database/", "objects.jsonl"

FORMAT = 1

SUFFIX = ".tar.gz"

NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}\.tar\.gz")

OWN_NAME = re.compile(r"immich-db-backup-(\d{8}T\d{6})-v[^-]*-[a-z0-9.]+\.tar\.gz")
"""Those that this program made; clients read time and version from them."""


@dataclass(frozen=True, slots=True)
class Meta:
    """`engine`: `sqlite` or `postgres`. `migrations`: what was applied, by source, in order. `created_at`: the state is
    that of this moment. `tables`: those that the backup has."""

    engine: str
    created_at: str
    migrations: dict[str, list[str]]
    tables: list[str]
    program: str = __version__
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return instant(self.created_at)


def file_name(engine: str, moment: datetime) -> str:
    """With the time in UTC: those who make backups may be in different zones."""
    version = ".".join(map(str, WIRE_VERSION))
    return f"immich-db-backup-{moment.astimezone(UTC):%Y%m%dT%H%M%S}-v{version}-{engine}{SUFFIX}"


class Writer:
    """Writes members one after the other. The archive is complete when the block that `write` opens has ended well."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add_meta(self, meta: Meta) -> None:
        data = orjson.dumps(asdict(meta), option=orjson.OPT_INDENT_2)
        self._tar.addfile(_member(META, len(data)), BytesIO(data))

    def add(self, name: str, file: IO[bytes]) -> None:
        """A file from its beginning; it must not grow meanwhile."""
        size = file.seek(0, 2)
        file.seek(0)
        self._tar.addfile(_member(name, size), file)


@contextmanager
def write(path: Path) -> Iterator[Writer]:
    """A new archive at `path`; should the block raise, there is none."""
    try:
        with tarfile.open(path, "x:gz", compresslevel=6) as tar:
            path.chmod(0o600)
            yield Writer(tar)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


class Reader:
    """An open backup. Its members are read in the order in which they lie in the file."""

    def __init__(self, tar: tarfile.TarFile, meta: Meta) -> None:
        self._tar, self.meta = tar, meta

    def members(self, prefix: str) -> Iterator[tuple[str, IO[bytes]]]:
        """(name behind the prefix, content) of the members whose name begins with it."""
        for member in self._tar:
            if member.isreg() and member.name.startswith(prefix):
                yield member.name.removeprefix(prefix), self._tar.extractfile(member)


@contextmanager
def read(path: Path) -> Iterator[Reader]:
    """Raises BadRequest for what is no backup of ours, or one that this version cannot read."""
    # Compressed data that is damaged fails wherever it is read.
    with _readable(path), tarfile.open(path, "r:gz") as tar:
        first = tar.next()
        if first is None or first.name != META or first.size > 1024**2:
            raise BadRequest(f"{path.name} is not a backup of this program")
        yield Reader(tar, _meta(path, tar.extractfile(first).read()))


def check(path: Path) -> None:
    """Raises BadRequest like `read`, for a file that somebody else has sent: no more of it is unpacked than its first
    member takes, however much a small file may become."""
    with _readable(path), gzip.open(path) as packed:
        head = BytesIO(packed.read(2 * 1024**2))
        with tarfile.open(fileobj=head) as tar:
            first = tar.next()
            if first is None or first.name != META or first.size > 1024**2:
                raise BadRequest(f"{path.name} is not a backup of this program")
            _meta(path, tar.extractfile(first).read())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadRequest(f"{path.name} cannot be read as a backup: {reason}") from error


def _meta(path: Path, text: bytes) -> Meta:
    values: Any = None
    with suppress(orjson.JSONDecodeError):
        values = orjson.loads(text)
    if not isinstance(values, dict) or not isinstance(values.get("format"), int):
        raise BadRequest(f"{path.name} is not a backup of this program")
    if values["format"] != FORMAT:
        raise BadRequest(f"{path.name} was made by a newer version, {values.get('program')}")
    return Meta(**{name: values[name] for name in Meta.__dataclass_fields__})


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member
