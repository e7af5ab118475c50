"""The official command line (`@immich/cli`) signs in and uploads."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from immich_flask.testing import photo
from tests.serving import Served

Cli = Callable[..., str]


@pytest.fixture
def environ(npm_packages: Path, tmp_path: Path) -> dict[str, str]:
    """The client's: a Node that is new enough, a configuration of its own."""
    return {**os.environ, "PATH": f"{npm_packages}{os.pathsep}{os.environ['PATH']}",
            "IMMICH_CONFIG_DIR": str(tmp_path / "config")}


def runner(npm_packages: Path, environ: dict[str, str]) -> Cli:
    def run(*arguments: object) -> str:
        done = subprocess.run([npm_packages / "immich", *map(str, arguments)], env=environ, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def cli(npm_packages: Path, served: Served, environ: dict[str, str]) -> Cli:
    """`cli("upload", "-r", folder)`: run it as the administrator; returns what it printed."""
    run = runner(npm_packages, environ)

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


@pytest.fixture
def user(served: Served) -> Served:
    return served.user()


@pytest.fixture
def mine(npm_packages: Path, user: Served, environ: dict[str, str]) -> Cli:
    """The client for a new user, by its environment instead of a login."""
    return runner(npm_packages, {**environ, "IMMICH_INSTANCE_URL": user.url, "IMMICH_API_KEY": user.key})


def names(user: Served) -> list[str]:
    found = requests.post(f"{user.url}/search/metadata", headers={"x-api-key": user.key}, json={}, timeout=30)
    return sorted(asset["originalFileName"] for asset in found.json()["assets"]["items"])


@pytest.mark.once
class TestUploadFlags:
    def test_trying_changes_nothing(self, mine: Cli, user: Served, folder: Path) -> None:
        assert "Would have uploaded 4 assets" in mine("upload", "--recursive", "--dry-run", folder)
        assert names(user) == []

    def test_recursion_and_hidden_files(self, mine: Cli, user: Served, folder: Path) -> None:
        hidden = folder / "beach" / ".secret"
        hidden.mkdir()
        (hidden / "four.jpg").write_bytes(photo())
        mine("upload", folder / "beach")
        assert names(user) == ["one.jpg", "two.jpg"]
        mine("upload", "--recursive", "--include-hidden", folder / "beach")
        assert names(user) == ["four.jpg", "one.jpg", "three.png", "two.jpg"]

    def test_what_is_ignored(self, mine: Cli, user: Served, folder: Path) -> None:
        mine("upload", "--recursive", "--ignore", "**/beach/**", folder)
        assert names(user) == ["ünïcode 夏.jpg"]

    def test_one_album_for_all_and_several_at_once(self, mine: Cli, user: Served, folder: Path) -> None:
        mine("upload", "--recursive", "--album-name", "Everything", "--concurrency", "3", "--no-progress", folder)
        assert [(album["albumName"], album["assetCount"]) for album in user.get("/albums")] == [("Everything", 4)]
        mine("upload", "--recursive", "--album-name", "Everything", folder)
        assert [(album["albumName"], album["assetCount"]) for album in user.get("/albums")] == [("Everything", 4)]

    def test_without_hashing_the_server_knows_duplicates(self, mine: Cli, user: Served, folder: Path) -> None:
        for _ in range(2):
            mine("upload", "--recursive", "--skip-hash", folder)
            assert len(names(user)) == 4

    def test_output_for_programs(self, mine: Cli, folder: Path) -> None:
        def output() -> dict:
            text = mine("upload", "--recursive", "--json-output", "--no-progress", folder)
            return json.loads(text[text.index("{"):text.rindex("}") + 1])

        first, second = output(), output()
        assert (len(first["newFiles"]), len(first["newAssets"]), first["duplicates"]) == (4, 4, [])
        assert (second["newFiles"], len(second["duplicates"])) == ([], 4)
        assert {item["id"] for item in second["duplicates"]} == {item["id"] for item in first["newAssets"]}

    def test_local_files_are_deleted_once_they_are_here(self, mine: Cli, user: Served, folder: Path) -> None:
        kept = folder / "beach" / "one.jpg"
        copy = folder / "copy.jpg"
        copy.write_bytes(kept.read_bytes())
        mine("upload", kept)
        mine("upload", "--delete-duplicates", copy)
        assert not copy.exists() and kept.exists()
        mine("upload", "--delete", folder / "hills")
        assert [path.name for path in (folder / "hills").iterdir()] == ["notes.txt"]
        assert names(user) == ["one.jpg", "ünïcode 夏.jpg"]

    @pytest.mark.parametrize("visibility", ["archive", "timeline"])
    def test_visibility(self, mine: Cli, user: Served, folder: Path, visibility: str) -> None:
        mine("upload", "--visibility", visibility, folder / "beach" / "one.jpg")
        assert user.get("/assets/statistics", visibility=visibility)["images"] == 1


def test_the_dashboard_widget(served: Served) -> None:
    """What Homepage's Immich widget asks with a key for nothing but statistics, and shows."""
    made = requests.post(f"{served.url}/api-keys", headers={"x-api-key": served.key}, timeout=30,
                         json={"name": "homepage", "permissions": ["server.statistics"]})
    key = {"x-api-key": made.json()["secret"]}
    answer = requests.get(f"{served.url}/server/statistics", headers=key, timeout=30)
    assert answer.status_code == 200
    assert all(isinstance(answer.json()[name], int) for name in ("photos", "videos", "usage"))
    assert len(answer.json()["usageByUser"]) >= 1
    version = requests.get(f"{served.url}/server/version", headers=key, timeout=30).json()
    assert (version["major"], version["minor"], version["patch"]) == (3, 1, 0)
    assert requests.get(f"{served.url}/assets/statistics", headers=key, timeout=30).status_code == 403


def all_thumbhashes(served: Served) -> list[str | None]:
    return [thumbhash for month in served.get("/timeline/buckets")
            for thumbhash in served.get("/timeline/bucket", timeBucket=month["timeBucket"])["thumbhash"]]
