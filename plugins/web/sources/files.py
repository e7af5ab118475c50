"""A build as a folder, or as a tar or zip file of one."""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from plugins.web.sources.base import Progress, SourceError
from plugins.web.sources.unpack import Unpacker


class FolderSource:
    """A folder; its hidden files stay behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def unpack(self, into: Unpacker, progress: Progress) -> None:
        files = [file for file in sorted(self.folder.rglob("*"))
                 if not any(part.startswith(".") for part in file.relative_to(self.folder).parts)]
        with progress(f"Copying {self.folder}", len(files)) as advance:
            for file in files:
                name = file.relative_to(self.folder).as_posix()
                mode = file.lstat().st_mode
                if stat.S_ISREG(mode):
                    with file.open("rb") as content:
                        into.add(name, content)
                elif not stat.S_ISDIR(mode):
                    into.refuse(name)
                advance(1)


class ArchiveSource:
    """A tar file, compressed by whatever Python can read, or a zip file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def unpack(self, into: Unpacker, progress: Progress) -> None:
        try:
            if zipfile.is_zipfile(self.file):
                self._unzip(into, progress)
            else:
                self._untar(into, progress)
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise SourceError(f"{self.file} is no tar or zip file, or a damaged one: {error}") from error
        except OSError as error:
            raise SourceError(f"{self.file} cannot be read: {error}") from error

    def _untar(self, into: Unpacker, progress: Progress) -> None:
        with (self.file.open("rb") as raw, progress(f"Unpacking {self.file.name}", os.fstat(raw.fileno()).st_size) as
              advance, tarfile.open(fileobj=raw) as archive):
            done = 0
            for member in archive:
                if member.isreg():
                    into.add(member.name, archive.extractfile(member))
                elif not member.isdir():
                    into.refuse(member.name)
                advance(raw.tell() - done)
                done = raw.tell()

    def _unzip(self, into: Unpacker, progress: Progress) -> None:
        with zipfile.ZipFile(self.file) as archive:
            members = archive.infolist()
            with progress(f"Unpacking {self.file.name}", sum(member.compress_size for member in members)) as advance:
                for member in members:
                    mode = member.external_attr >> 16
                    if member.flag_bits & 1:
                        raise SourceError(f"{self.file} is encrypted")
                    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                        into.refuse(member.filename)
                    elif not member.is_dir():
                        with archive.open(member) as content:
                            into.add(member.filename, content)
                    advance(member.compress_size)
