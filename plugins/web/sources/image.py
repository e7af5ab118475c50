"""The build inside a container image: of all its layers, only what lies below one folder is kept.

Layers are read from the last to the first, as the last word on a file is what counts, and reading stops when the build
is whole: in the official image that leaves the large ones unread. Layers, media types and whiteouts are those of the
OCI image specification.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from plugins.web.installed import is_whole
from plugins.web.sources.base import Progress, SourceError
from plugins.web.sources.unpack import Unpacker

MAX_DOCUMENT = 8 * 1024**2
"""Manifests and configurations are read whole; none comes near this size."""

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class Blob:
    """What a manifest says of a blob. `digest` is "sha256:..."; empty for archives that do not have them, whose blobs
    have a `name` instead. `size` is that of its bytes as they are stored."""

    digest: str
    size: int
    name: str = ""


class Images(Protocol):
    """Where an image is kept."""

    name: str

    def manifest(self, blob: Blob | None = None) -> tuple[bytes, str]:
        """The bytes of a manifest, or of the topmost one, and the digest they must have ("": unknown)."""

    def open(self, blob: Blob) -> BinaryIO:
        """The bytes of a blob, which the caller closes."""

    def close(self) -> None:
        """No more is asked."""


class ImageSource:
    """The files below `path` of an image."""

    def __init__(self, images: Images, path: str) -> None:
        self.images, self.path = images, PurePosixPath("/", path).relative_to("/")

    def unpack(self, into: Unpacker, progress: Progress) -> str | None:
        with closing(self.images):
            return self._unpack(into, progress)

    def _unpack(self, into: Unpacker, progress: Progress) -> str | None:
        manifest = self._manifest()
        config = self._config(_blob(manifest.get("config")))
        layers = [_blob(layer) for layer in manifest["layers"]]
        hidden = Hidden()
        for number, layer in reversed(list(enumerate(layers, 1))):
            label = f"Reading layer {number} of {len(layers)}"
            with progress(label, layer.size) as advance, self.images.open(layer) as stream:
                self._layer(Verified(stream, layer.digest, advance), into, hidden)
            if is_whole(into.folder) or hidden.covers(self.path):
                break
        return _release(config)

    def _layer(self, stream: Verified, into: Unpacker, hidden: Hidden) -> None:
        mine = Hidden()
        try:
            with tarfile.open(fileobj=_decompressed(stream), mode="r|*") as layer:
                for member in layer:
                    path = PurePosixPath("/", member.name).relative_to("/")
                    mine.note(path)
                    if self.path not in path.parents or hidden.covers(path) or path.name.startswith(WHITEOUT):
                        continue
                    name = path.relative_to(self.path).as_posix()
                    if member.isreg():
                        if not into.has(name):
                            into.add(name, layer.extractfile(member))
                            mine.files.add(path)
                    elif not member.isdir():
                        into.refuse(member.name)
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            # Wrong bytes are the likelier reason, and the more important one to hear of.
            stream.finish()
            raise SourceError(f"a layer of {self.images.name} is damaged: {error}") from error
        stream.finish()
        hidden.add(mine)

    def _manifest(self) -> dict:
        """The manifest of this machine's kind, or of any: the web app is the same for all."""
        found, digest = self.images.manifest()
        for _ in range(4):
            document = self._parsed(found, digest)
            if "layers" in document:
                return document
            chosen = _choose(document.get("manifests") or [], self.images.name)
            found, digest = self.images.manifest(chosen)
        raise SourceError(f"{self.images.name}: its indexes only lead to other indexes")

    def _parsed(self, content: bytes, digest: str) -> dict:
        _check(content, digest, self.images.name)
        try:
            document = json.loads(content)
        except ValueError as error:
            raise SourceError(f"{self.images.name}: its manifest is no JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get("layers", []), list):
            raise SourceError(f"{self.images.name}: its manifest is none that this program knows")
        return document

    def _config(self, blob: Blob) -> dict:
        with self.images.open(blob) as stream:
            return self._parsed(stream.read(MAX_DOCUMENT), blob.digest)


@dataclass
class Hidden:
    """What layers say of those below them: names that are gone or are files, folders of which nothing shows through."""

    gone: set[PurePosixPath] = field(default_factory=set)
    opaque: set[PurePosixPath] = field(default_factory=set)
    files: set[PurePosixPath] = field(default_factory=set)

    def note(self, path: PurePosixPath) -> None:
        if path.name == OPAQUE:
            self.opaque.add(path.parent)
        elif path.name.startswith(WHITEOUT):
            self.gone.add(path.with_name(path.name.removeprefix(WHITEOUT)))

    def add(self, other: Hidden) -> None:
        self.gone |= other.gone
        self.opaque |= other.opaque
        self.files |= other.files

    def covers(self, path: PurePosixPath) -> bool:
        """Is nothing of this path to be taken from a lower layer?"""
        return (path in self.gone or path in self.opaque
                or any(parent in self.gone or parent in self.opaque or parent in self.files for parent in path.parents))


class Verified(io.RawIOBase):
    """A blob's bytes on their way, counted and hashed."""

    def __init__(self, stream: BinaryIO, digest: str, advance: Callable[[int], object]) -> None:
        self.stream, self.digest, self.advance = stream, digest, advance
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        chunk = self.stream.read(len(buffer))
        buffer[:len(chunk)] = chunk
        self.hash.update(chunk)
        self.advance(len(chunk))
        return len(chunk)

    def finish(self) -> None:
        """Read what is left. SourceError when these are not the bytes that the manifest means."""
        while self.read(1024 * 1024):
            pass
        if self.digest and self.digest != f"sha256:{self.hash.hexdigest()}":
            raise SourceError(f"a layer does not have the digest {self.digest} that the manifest gives it; "
                              "it was damaged or changed on the way")


def _decompressed(stream: Verified) -> BinaryIO:
    buffered = io.BufferedReader(stream, 1024 * 1024)
    if buffered.peek(4)[:4] != ZSTD_MAGIC:
        return buffered
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return zstd.ZstdFile(buffered)


def _check(content: bytes, digest: str, name: str) -> None:
    if digest and digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
        raise SourceError(f"{name}: a manifest does not have the digest {digest}; it was damaged or changed on the way")


def _blob(descriptor: object) -> Blob:
    try:
        return Blob(str(descriptor["digest"]), int(descriptor["size"]), str(descriptor.get("name", "")))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise SourceError("the image's manifest is none that this program knows") from error


def _choose(manifests: list[dict], name: str) -> Blob:
    """Of an index, the image for this kind of machine, else the first that is an image at all (no attestation)."""
    machine = MACHINES.get(platform.machine(), platform.machine())
    rank = {"linux": 1, machine: 2}
    images = [item for item in manifests if (item.get("platform") or {}).get("os") != "unknown"]
    if not images:
        raise SourceError(f"{name}: there is no image in its index")
    return _blob(max(images, key=lambda item: sum(
        rank.get((item.get("platform") or {}).get(key), 0) for key in ("os", "architecture"))))


def _release(config: dict) -> str | None:
    """The release as the image names it: its label, else the variable that Immich's own images have."""
    settings = config.get("config") or {}
    environ = dict(line.partition("=")[::2] for line in settings.get("Env") or [])
    return (settings.get("Labels") or {}).get("org.opencontainers.image.version") or environ.get("IMMICH_SOURCE_REF")
