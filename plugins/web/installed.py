"""The build of the web app that `immich-flask web install` has put into the data folder.

    web/current -> build-x7a9     what is served: one link, so that another build takes its place at one instant
    web/build-x7a9/www            the files
    web/build-x7a9/about.json     where they come from, and when

A running server looks at the link for every page (`Builds.current`), so it needs no restart.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from immich_flask.infra.http.answers import json_bytes

_ADDRESSES = re.compile(r"""["'](/_app/[^"'?#]+\.(?:js|css))["'?#]""")
"""The files of the build that its index loads first."""

_RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\S*")


class Busy(Exception):
    """Another process is installing or removing a build."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an installed build. `release` is "3.1.0", or empty where it does not say."""

    source: str
    release: str
    installed_at: str


class Builds:
    """The folder `web` in the data folder."""

    def __init__(self, data_path: Path) -> None:
        self.folder = data_path / "web"
        self.link = self.folder / "current"

    def current(self) -> Path | None:
        """The folder with the files of the build that is in use, which may be another one at the next call."""
        try:
            return self.folder / os.readlink(self.link) / "www"
        except OSError:
            return None

    def about(self) -> About | None:
        root = self.current()
        try:
            return About(**json.loads((root.parent / "about.json").read_text("utf-8"))) if root else None
        except (OSError, ValueError, TypeError):
            return About(source="unknown", release="", installed_at="unknown")

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder for a new build; gone at the end unless it was put to use. Raises Busy."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Busy from error
            place = Path(tempfile.mkdtemp(prefix="build-", dir=self.folder))
            # mkdtemp's folders are for their owner alone; the server may be somebody else.
            place.chmod(0o755)
            try:
                yield place
            finally:
                self._sweep()

    def use(self, place: Path, root: Path, source: str, release: str) -> None:
        """Serve what is in `root`, a folder inside the staging folder `place`, from now on."""
        about = About(source, release, datetime.now(UTC).isoformat(timespec="seconds"))
        (place / "about.json").write_bytes(json_bytes(asdict(about)))
        # Elsewhere first: the root may be what `www` is called inside.
        root.rename(place / "chosen")
        shutil.rmtree(place / "www", ignore_errors=True)
        (place / "chosen").rename(place / "www")
        fresh = place / "link"
        fresh.symlink_to(place.name)
        fresh.replace(self.link)

    def remove(self) -> bool:
        """Back to the page of our own; False when there was nothing to remove. Raises Busy."""
        if not self.link.is_symlink():
            return False
        with self.staging():
            self.link.unlink()
        return True

    def _sweep(self) -> None:
        used = self.current()
        for folder in self.folder.glob("build-*"):
            if used is None or folder != used.parent:
                shutil.rmtree(folder, ignore_errors=True)


def find_root(folder: Path) -> Path | None:
    """Where in `folder` the build is: the topmost folder with an index and the scripts that belong to it."""
    for index in sorted(folder.rglob("index.html"), key=lambda path: len(path.parts)):
        if is_whole(index.parent):
            return index.parent
    return None


def is_whole(root: Path) -> bool:
    """Is everything there that the index loads?"""
    try:
        index = (root / "index.html").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    addresses = set(_ADDRESSES.findall(index))
    return bool(addresses) and all((root / address.lstrip("/")).is_file() for address in addresses)


def release_of(root: Path, said: str | None) -> str:
    """The release of a build as "3.1.0": as its source says, else as the build does; empty where neither does.

    Official images have a number of the build in `version.json`; own builds have the release there."""
    try:
        inside = str(json.loads((root / "_app" / "version.json").read_text("utf-8"))["version"])
    except (OSError, ValueError, LookupError, TypeError):
        inside = ""
    for text in (said or "", inside):
        if found := _RELEASE.fullmatch(text):
            return ".".join(found.groups())
    return ""
