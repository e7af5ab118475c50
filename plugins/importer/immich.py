"""Copying an account of another Immich server: its assets one by one, then the albums and stacks that they are in.

Everything that touches this server or its database runs in the threads of `pool`, as the calling one holds a connection
that must not be used up by requests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import click

from plugins.importer.assets import AssetCopy
from plugins.importer.local import Local, Refused
from plugins.importer.notes import Notes
from plugins.importer.remote import Remote, RemoteError
from plugins.importer.report import Report

T = TypeVar("T")

VISIBILITIES = ("timeline", "archive")
"""What is asked for. Hidden ones are the moving parts of live photos, which come with those; locked ones stay."""

PART = 500
"""Ids per request to an album."""

MAX_IN_A_ROW = 20
"""Failures one after another until the import gives up: then it is not the assets."""


class ImmichImport:
    """One run of `immich-flask import immich`."""

    def __init__(self, remote: Remote, local: Local, user_id: str, pool: ThreadPoolExecutor, report: Report, *,
                 dry_run: bool) -> None:
        self.remote, self.local, self.pool, self.report, self.dry_run = remote, local, pool, report, dry_run
        self.notes = Notes(local.app, user_id)
        self.assets = AssetCopy(remote, local, self.notes, report)
        self.fresh: set[str] = set()
        """Remote ids of what this run has copied."""

    def run(self) -> None:
        """Raises RemoteError when the other server cannot be asked at all."""
        me = self.remote.get("/users/me")["id"]
        unfinished = not self.dry_run and self._here(self.notes.begin_run, me)
        self._copy_assets(me)
        self._stacks()
        self._albums(me, everything=unfinished)
        if not self.dry_run and not self.report.counts["failed"]:
            self._here(self.notes.end_run, me)

    def _here(self, function: Callable[..., T], *arguments: Any, **more: Any) -> T:
        return self.pool.submit(function, *arguments, **more).result()

    def _copy_assets(self, me: str) -> None:
        total = self.remote.get("/assets/statistics")["total"]
        in_a_row = 0
        with click.progressbar(length=total, label="Copying", show_pos=True, file=sys.stderr) as bar:
            for visibility in VISIBILITIES:
                for page in self.remote.search(visibility=visibility, withExif=True):
                    mine = [asset for asset in page if asset["ownerId"] == me and not asset.get("isTrashed")]
                    for asset, future in self._start(mine):
                        error = future.exception()
                        if error is None:
                            self.fresh.update([asset["id"]] if future.result() else [])
                            in_a_row = 0
                        elif isinstance(error, (RemoteError, Refused, OSError)):
                            self.report.fail(asset["originalFileName"], error)
                            in_a_row += 1
                            if in_a_row >= MAX_IN_A_ROW:
                                raise RemoteError(f"{in_a_row} files in a row could not be copied; the last: {error}")
                        else:
                            raise error
                        bar.update(1)

    def _start(self, assets: list[dict]) -> list[tuple[dict, Any]]:
        """A page of assets, each with the future of "it was copied now"."""
        known = self._here(self.local.known, [asset["checksum"] for asset in assets])
        done = self._here(self.notes.done, "asset", [asset["id"] for asset in assets])
        if self.dry_run:
            return [(asset, self.pool.submit(self._would, asset, asset["checksum"] in known, asset["id"] in done))
                    for asset in assets]
        return [(asset, self.pool.submit(self._copy, asset, known.get(asset["checksum"]), asset["id"] in done))
                for asset in assets]

    def _would(self, asset: dict, known: bool, done: bool) -> bool:
        self.report.count("copied before" if done else "already here" if known else "copied")
        return False

    def _copy(self, asset: dict, known: str | None, done: bool) -> bool:
        if done:
            self.report.count("copied before")
            return False
        self.assets.copy(asset, known)
        return True

    def _stacks(self) -> None:
        stacks = self.remote.get("/stacks")
        if not stacks:
            return
        if not self._here(self.local.has, "/stacks"):
            self.report.count("stacks left out: the plugin stacks is switched off here", len(stacks))
            return
        done = self._here(self.notes.done, "stack", [stack["id"] for stack in stacks])
        for stack in stacks:
            if stack["id"] in done:
                continue
            self.report.count("stacks")
            if not self.dry_run:
                self._attempt("a stack", self._stack, stack)

    def _stack(self, stack: dict) -> None:
        primary = stack["primaryAssetId"]
        remote_ids = sorted((asset["id"] for asset in stack["assets"]), key=lambda one: one != primary)
        copies = self.notes.copies(remote_ids)
        ids = [copies[one] for one in remote_ids if one in copies]
        if len(ids) > 1:
            made = self.local.call("POST", "/stacks", {"assetIds": ids})
            self.notes.write("stack", stack["id"], local_id=made["id"], created=True, done=len(ids) == len(remote_ids))

    def _albums(self, me: str, *, everything: bool) -> None:
        albums = [album for album in self.remote.get("/albums") if _owner(album) == me]
        if not albums:
            return
        if not self._here(self.local.has, "/albums"):
            self.report.count("albums left out: the plugin albums is switched off here", len(albums))
            return
        for album in albums:
            self.report.count("albums")
            if not self.dry_run:
                self._attempt(f"album {album['albumName']}", self._album, album, everything)

    def _album(self, album: dict, everything: bool) -> None:
        note = self.notes.read("album", album["id"])
        remote_ids = [asset["id"] for page in self.remote.search(albumIds=[album["id"]]) for asset in page]
        copies = self.notes.copies(remote_ids)
        if note and note.done and not everything:
            # What its owner has taken out of the copy since stays out.
            copies = {one: copy for one, copy in copies.items() if one in self.fresh}
        local_id = note.local_id if note else None
        if local_id is None:
            local_id = self.local.call("POST", "/albums", {
                "albumName": album["albumName"], "description": album.get("description") or ""})["id"]
            self.notes.write("album", album["id"], local_id=local_id, created=True, done=False)
        ids = list(copies.values())
        try:
            for start in range(0, len(ids), PART):
                self.local.call("PUT", f"/albums/{local_id}/assets", {"ids": ids[start:start + PART]})
            if not (note and note.done):
                cover = copies.get(album.get("albumThumbnailAssetId"))
                self.local.call("PATCH", f"/albums/{local_id}", {
                    key: value for key, value in {"order": album.get("order"), "albumThumbnailAssetId": cover,
                                                  "isActivityEnabled": album.get("isActivityEnabled")}.items()
                    if value is not None})
        except Refused as error:
            if error.status != 400 or not (note and note.done):
                raise
            # Deleted here since.
        self.notes.write("album", album["id"], local_id=local_id, created=True, done=True)

    def _attempt(self, what: str, function: Callable[..., None], *arguments: Any) -> None:
        try:
            self._here(function, *arguments)
        except (RemoteError, Refused, OSError) as error:
            self.report.fail(what, error)


def _owner(album: dict) -> str | None:
    """3.x has the owner among the members, 2.x by itself."""
    return album.get("ownerId") or next(
        (member["user"]["id"] for member in album.get("albumUsers", []) if member["role"] == "owner"), None)
