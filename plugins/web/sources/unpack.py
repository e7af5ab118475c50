"""Writing files whose names and contents somebody else has chosen."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from plugins.web.sources.base import SourceError

MAX_BYTES = 2 * 1024**3
MAX_FILES = 100_000
"""A build of the web app has about 1,500 files of together 100 MB, its compressed copies included."""

CHUNK = 1024 * 1024


class Unpacker:
    """Files below `folder`, and never outside of it, up to a number and a sum of bytes.

    Links, devices and the like have no place in a build: sources call `refuse` for them.
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> None:
        self.folder, self.left, self.files_left = folder, max_bytes, max_files

    def add(self, name: str, content: BinaryIO) -> None:
        """Write one file; a later one of the same name replaces it."""
        target = self.folder.joinpath(*parts_of(name))
        self.files_left -= 1
        if self.files_left < 0:
            raise SourceError("there are too many files in it for a build of the web app")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                while chunk := content.read(CHUNK):
                    self.left -= len(chunk)
                    if self.left < 0:
                        raise SourceError("it is too large for a build of the web app")
                    file.write(chunk)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise SourceError(f"{name} is a file in one place, and a folder in another") from error
        except OSError as error:
            raise SourceError(f"{name} cannot be written: {error.strerror}") from error

    def has(self, name: str) -> bool:
        return self.folder.joinpath(*parts_of(name)).is_file()

    def clear(self) -> None:
        """Forget everything that was written."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    @staticmethod
    def refuse(name: str) -> None:
        raise SourceError(f"{name} is a link or a device; a build of the web app has only files and folders")


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a relative path. SourceError for one that leads elsewhere, or is none."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in name or "\0" in name:
        raise SourceError(f"{name!r} is a path that leads out of the folder")
    return path.parts
