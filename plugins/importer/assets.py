"""Copying one asset: its file, and what the other server says of it beyond what is in the file."""

from __future__ import annotations

import base64
import math
import threading
from datetime import datetime, timedelta, timezone

from immich_flask.contracts.enums import JobName
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import connected
from plugins.importer.local import Content, Local, Refused
from plugins.importer.notes import Notes
from plugins.importer.remote import Remote, RemoteError
from plugins.importer.report import Report

TRIES = 3
"""For a download that breaks off."""


class AssetCopy:
    """Used by several threads at once."""

    def __init__(self, remote: Remote, local: Local, notes: Notes, report: Report) -> None:
        self.remote, self.local, self.notes, self.report = remote, local, notes, report
        self._tags: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def copy(self, asset: dict, known: str | None) -> None:
        """Copy `asset`, as the other server's search lists it, unless it is here as `known`. Raises RemoteError,
        Refused, OSError.

        The note of it is written first: after a crash at any point what is here is not taken for somebody else's."""
        note = self.notes.read("asset", asset["id"])
        created = note.created if note else known is None
        if note is None:
            self.notes.write("asset", asset["id"], local_id=None, created=created, done=False)
        detail = self.remote.get(f"/assets/{asset['id']}")
        local_id = known or self._upload(detail)
        if created:
            self._describe(detail, local_id)
        self._tag(detail, local_id)
        self.notes.write("asset", asset["id"], local_id=local_id, created=created, done=True)
        self.report.count("copied" if created else "already here")

    def _upload(self, asset: dict) -> str:
        fields = {"fileCreatedAt": asset["fileCreatedAt"], "fileModifiedAt": asset["fileModifiedAt"],
                  "isFavorite": "true" if asset["isFavorite"] else "false",
                  "visibility": asset.get("visibility") or ("archive" if asset.get("isArchived") else "timeline")}
        if moving := asset.get("livePhotoVideoId"):
            fields["livePhotoVideoId"] = self._moving_part(moving)
        return self._send(asset, fields)

    def _moving_part(self, remote_id: str) -> str:
        asset = self.remote.get(f"/assets/{remote_id}")
        known = self.local.known([asset["checksum"]]).get(asset["checksum"])
        return known or self._send(asset, {key: asset[key] for key in ("fileCreatedAt", "fileModifiedAt")})

    def _send(self, asset: dict, fields: dict[str, str]) -> str:
        sha1 = base64.b64decode(asset["checksum"]).hex()
        for attempt in range(1, TRIES + 1):
            try:
                answer = self.remote.download(asset["id"])
                try:
                    size = int(answer.headers.get("Content-Length") or asset["exifInfo"]["fileSizeInByte"])
                    content = Content(answer, size, self.report.advance, sha1)
                    return self._stream(content, asset["originalFileName"], fields)
                finally:
                    # Read to its end, the connection serves again; else it is of no more use.
                    answer.close()
            except (RemoteError, OSError) as error:
                if attempt == TRIES or getattr(error, "status", 0):
                    raise
        raise AssertionError("unreachable")

    def _stream(self, content: Content, name: str, fields: dict[str, str]) -> str:
        try:
            return self.local.upload(content, name, fields)[0]
        except Refused as error:
            if content.error is None:
                raise
            # The upload was refused as it broke off; why it did is what counts.
            raise OSError(f"the download broke off: {content.error}") from error

    def _describe(self, asset: dict, local_id: str) -> None:
        """Set what was changed by hand there: what differs from what the file says, once that was read here."""
        self._read_metadata(local_id)
        copy = self.local.call("GET", f"/assets/{local_id}")
        there, here = asset.get("exifInfo") or {}, copy.get("exifInfo") or {}
        changes = {key: there[key] for key in ("description", "rating")
                   if there.get(key) and there[key] != here.get(key)}
        if there.get("latitude") is not None and there.get("longitude") is not None and not all(
                here.get(key) is not None and math.isclose(there[key], here[key], abs_tol=1e-6)
                for key in ("latitude", "longitude")):
            changes |= {"latitude": there["latitude"], "longitude": there["longitude"]}
        taken = there.get("dateTimeOriginal")
        if taken and (_instant(taken) != _instant(here.get("dateTimeOriginal") or copy["fileCreatedAt"])
                      or _instant(asset["localDateTime"]) != _instant(copy["localDateTime"])):
            changes["dateTimeOriginal"] = _with_offset(_instant(taken), _instant(asset["localDateTime"]))
        if changes:
            self.local.call("PUT", f"/assets/{local_id}", changes)

    def _read_metadata(self, local_id: str) -> None:
        """The work of the job that the upload has queued, now; done twice it does no harm."""
        with self.local.app.app_context(), connected():
            if job := runtime.jobs.get(JobName.ASSET_EXTRACT_METADATA):
                job.run(id=local_id)

    def _tag(self, asset: dict, local_id: str) -> None:
        for tag in asset.get("tags") or []:
            if tag_id := self._tag_here(tag):
                self.local.call("PUT", f"/tags/{tag_id}/assets", {"ids": [local_id]})

    def _tag_here(self, tag: dict) -> str | None:
        """The id of the tag of this name, made when it is missing; None where there are no tags."""
        with self._lock:
            if tag["value"] not in self._tags:
                try:
                    made, = self.local.call("PUT", "/tags", {"tags": [tag["value"]]})
                    if tag.get("color") and not made.get("color"):
                        self.local.call("PUT", f"/tags/{made['id']}", {"color": tag["color"]})
                    self._tags[tag["value"]] = made["id"]
                    self.report.count("tags")
                except Refused as error:
                    if error.status != 404:
                        raise
                    self._tags[tag["value"]] = None
                    self.report.count("tags left out: the plugin tags is switched off here")
            return self._tags[tag["value"]]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _with_offset(taken: datetime, local: datetime) -> str:
    """The instant `taken`, with the offset that makes it `local` on the clock there."""
    minutes = round((local.replace(tzinfo=taken.tzinfo) - taken).total_seconds() / 60)
    if abs(minutes) > 14 * 60:
        return taken.isoformat(timespec="milliseconds")
    return taken.astimezone(timezone(timedelta(minutes=minutes))).isoformat(timespec="milliseconds")
