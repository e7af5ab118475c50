"""The official command line (`@immich/cli`) signs in and uploads."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_flask.testing import photo
from tests.serving import Served

Cli = Callable[..., str]


@pytest.fixture
def cli(npm_packages: Path, served: Served, tmp_path: Path) -> Cli:
    """`cli("upload", "-r", folder)`: run it with a configuration of its own; returns what it printed."""
    environ = {**os.environ, "PATH": f"{npm_packages}{os.pathsep}{os.environ['PATH']}",
               "IMMICH_CONFIG_DIR": str(tmp_path / "config")}

    def run(*arguments: object) -> str:
        done = subprocess.run([npm_packages / "immich", *map(str, arguments)], env=environ, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "Logged in as admin@test.example" in run("login", served.url, served.key)
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two folders with pictures, and something else."""
    folder = tmp_path / "photos"
    for name in ("beach/one.jpg", "beach/two.jpg", "beach/deep/three.png", "hills/ünïcode 夏.jpg", "hills/notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(fmt="PNG" if name.endswith("png") else "JPEG"))
    return folder


def test_a_folder_is_uploaded_once(cli: Cli, served: Served, folder: Path) -> None:
    before = served.get("/assets/statistics")["images"]
    assert "Version: 3.1.0" in cli("server-info")
    assert "Successfully uploaded 4 new assets" in cli("upload", "--recursive", folder)
    assert "All assets were already uploaded, nothing to do." in cli("upload", "--recursive", folder)
    assert served.get("/assets/statistics")["images"] == before + 4
    deadline = time.monotonic() + 30
    while None in (hashes := all_thumbhashes(served)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(hashes) >= 4 and None not in hashes


def test_folders_become_albums(cli: Cli, served: Served, folder: Path) -> None:
    cli("upload", "--recursive", "--album", folder)
    albums = {album["albumName"]: album["assetCount"] for album in served.get("/albums")}
    assert albums == {"beach": 2, "deep": 1, "hills": 1}


def all_thumbhashes(served: Served) -> list[str | None]:
    return [thumbhash for month in served.get("/timeline/buckets")
            for thumbhash in served.get("/timeline/bucket", timeBucket=month["timeBucket"])["thumbhash"]]
