"""A saved image: what `docker save`, `podman save` or `skopeo copy` write, as a tar file or a folder.

Two forms: the OCI image layout (`oci-layout`, `index.json`, `blobs/`), and the older one of Docker (`manifest.json` and
a file per layer), which knows no digests. What has both is read as the first.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import BinaryIO

from immich_flask.infra.http.answers import json_bytes
from plugins.web.sources.base import SourceError
from plugins.web.sources.image import MAX_DOCUMENT, Blob

MARKS = ("oci-layout", "manifest.json")


def is_saved_image(place: Path) -> bool:
    if place.is_dir():
        return any((place / mark).is_file() for mark in MARKS) and not (place / "index.html").exists()
    try:
        with tarfile.open(place) as archive:
            # They stand at the end, as a rule; but nothing else has one of these names and no index.html.
            names = {name.removeprefix("./") for name in archive.getnames()}
    except (tarfile.TarError, OSError, EOFError):
        return False
    return any(mark in names for mark in MARKS) and not any(name.endswith("index.html") for name in names)


def open_saved(place: Path) -> SavedImage:
    return SavedImage(_Folder(place) if place.is_dir() else _Tar(place), str(place))


class SavedImage:
    """See `image.Images`."""

    def __init__(self, files: _Folder | _Tar, name: str) -> None:
        self.files, self.name = files, name

    def manifest(self, blob: Blob | None = None) -> tuple[bytes, str]:
        if blob is not None:
            with self.open(blob) as file:
                return file.read(MAX_DOCUMENT), blob.digest
        if self.files.size("index.json") is not None:
            return self._read("index.json"), ""
        return json_bytes(self._older()), ""

    def open(self, blob: Blob) -> BinaryIO:
        name = blob.name
        if not name:
            kind, _, value = blob.digest.partition(":")
            if kind != "sha256" or not value.isalnum():
                raise SourceError(f"{self.name}: {blob.digest} is no digest that this program knows")
            name = f"blobs/{kind}/{value}"
        return self.files.open(name)

    def close(self) -> None:
        self.files.close()

    def _older(self) -> dict:
        """The older form, as if it were a manifest."""
        try:
            first = json.loads(self._read("manifest.json"))[0]
            names = [first["Config"], *first["Layers"]]
        except (ValueError, LookupError, TypeError) as error:
            raise SourceError(f"{self.name}: its manifest.json is none that this program knows") from error
        config, *layers = [{"digest": "", "name": name, "size": self.files.size(name) or 0} for name in names]
        return {"config": config, "layers": layers}

    def _read(self, name: str) -> bytes:
        with self.files.open(name) as file:
            return file.read(MAX_DOCUMENT)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def size(self, name: str) -> int | None:
        file = self._file(name)
        return file.stat().st_size if file.is_file() else None

    def open(self, name: str) -> BinaryIO:
        try:
            return self._file(name).open("rb")
        except OSError as error:
            raise SourceError(f"{self.folder}: {name} is missing") from error

    def close(self) -> None:
        pass

    def _file(self, name: str) -> Path:
        file = (self.folder / name).resolve()
        if not file.is_relative_to(self.folder):
            raise SourceError(f"{name!r} is a path that leads out of the folder")
        return file


class _Tar:
    def __init__(self, file: Path) -> None:
        self.name, self.archive = file, tarfile.open(file)
        self.members = {member.name.removeprefix("./"): member for member in self.archive}

    def size(self, name: str) -> int | None:
        return self.members[name].size if name in self.members else None

    def open(self, name: str) -> BinaryIO:
        try:
            content = self.archive.extractfile(self.members[name])
        except KeyError:
            content = None
        if content is None:
            raise SourceError(f"{self.name}: {name} is missing")
        return content

    def close(self) -> None:
        self.archive.close()
