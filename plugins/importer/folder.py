"""Importing a folder: every photo and video in it that is not here yet, and an album for each folder."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from immich_flask.contracts.media_types import asset_type
from immich_flask.infra.fields import since_epoch
from plugins.importer.local import Content, Local, Refused
from plugins.importer.report import Report

PART = 200
"""Files that are looked up at once."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    sha1: str


class FolderImport:
    """One run of `immich-flask import folder`. It needs no notes: what is here is known by its checksum."""

    def __init__(self, folder: Path, local: Local, pool: ThreadPoolExecutor, report: Report, *, dry_run: bool,
                 albums: bool, hidden: bool) -> None:
        self.folder, self.local, self.pool, self.report = folder.resolve(), local, pool, report
        self.dry_run, self.albums, self.hidden = dry_run, albums, hidden

    def run(self) -> None:
        members: dict[str, list[str]] = {}
        paths = list(self._paths())
        with click.progressbar(length=len(paths), label="Importing", show_pos=True, file=sys.stderr) as bar:
            for start in range(0, len(paths), PART):
                part = paths[start:start + PART]
                files = [file for file in self.pool.map(self._hash, part) if file]
                known = self.pool.submit(self.local.known, [file.sha1 for file in files]).result()
                for file, asset_id in zip(files, self.pool.map(lambda file: self._take(file, known), files), strict=True):
                    if asset_id and self.albums:
                        members.setdefault(file.path.parent.name, []).append(asset_id)
                bar.update(len(part))
        if members:
            self.pool.submit(self._make_albums, members).result()

    def _paths(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if not self.hidden and any(part.startswith(".") for part in path.relative_to(self.folder).parts):
                continue
            # Links to files elsewhere are followed; those to folders are not (`rglob`), as they may lead in circles.
            if path.is_file() and asset_type(path.name):
                yield path

    def _hash(self, path: Path) -> _File | None:
        try:
            with path.open("rb") as file:
                return _File(path, hashlib.file_digest(file, "sha1").hexdigest())
        except OSError as error:
            self.report.fail(str(path), error.strerror)
            return None

    def _take(self, file: _File, known: dict[str, str]) -> str | None:
        """The asset's id; None when it could not be imported."""
        if asset_id := known.get(file.sha1):
            self.report.count("already here")
            return asset_id
        if self.dry_run:
            self.report.count("imported")
            return None
        try:
            with file.path.open("rb") as stream:
                info = file.path.stat()
                date = since_epoch(info.st_mtime).isoformat(timespec="milliseconds")
                asset_id, is_new = self.local.upload(
                    Content(stream, info.st_size, self.report.advance, file.sha1), file.path.name,
                    {"fileCreatedAt": date, "fileModifiedAt": date}, _sidecar(file.path))
        except (Refused, OSError) as error:
            self.report.fail(str(file.path), error)
            return None
        self.report.count("imported" if is_new else "already here")
        return asset_id

    def _make_albums(self, members: dict[str, list[str]]) -> None:
        if not self.local.has("/albums"):
            self.report.count("albums left out: the plugin albums is switched off here", len(members))
            return
        known = {album["albumName"]: album["id"] for album in reversed(self.local.call("GET", "/albums?isOwned=true"))}
        for name, ids in members.items():
            self.report.count("albums")
            if self.dry_run:
                continue
            try:
                album_id = known.get(name) or self.local.call("POST", "/albums", {"albumName": name})["id"]
                for start in range(0, len(ids), PART):
                    self.local.call("PUT", f"/albums/{album_id}/assets", {"ids": ids[start:start + PART]})
            except Refused as error:
                self.report.fail(f"album {name}", error)


def _sidecar(path: Path) -> bytes | None:
    """The XMP file beside it: `photo.jpg.xmp`, else `photo.xmp`."""
    for candidate in (path.with_name(f"{path.name}.xmp"), path.with_suffix(".xmp")):
        if candidate.is_file():
            return candidate.read_bytes()
    return None
