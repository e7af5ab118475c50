"""What becomes of the files in a library's folders, over HTTP."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from immich_flask.app import create_app
from immich_flask.contracts.enums import JobName
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import JobRow, User
from immich_flask.core.plugins import Plugins
from immich_flask.core.users.removal import remove_user
from immich_flask.testing import Caller, Server
from immich_flask.testing.callers import photo
from plugins.libraries import scanning
from plugins.libraries.folders import walk
from plugins.libraries.models import Library
from plugins.libraries.patterns import Exclusions
from tests.plugins.media import files
from tests.plugins.sync.replay import CORE, CORE_TYPES, Phone

SIDECAR = files.xmp('xmp:Rating="4"', inner="<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>By the lake</rdf:li>"
                                            "</rdf:Alt></dc:description>")


class Shelf:
    """A library of a user's, and its folder."""

    def __init__(self, server: Server, owner: Caller, folder: Path, **values: object) -> None:
        self.server, self.owner, self.folder, self.admin = server, owner, folder, server.admin
        made = self.admin.post("/libraries", {"ownerId": owner.id, "importPaths": [str(folder)], **values})
        assert made.status_code == 201, made.text
        self.id = made.json["id"]

    def put(self, name: str, content: bytes | None = None, *, modified: int = 1_600_000_000) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo() if content is None else content)
        os.utime(path, (modified, modified))
        return path

    def scan(self) -> None:
        assert self.admin.post(f"/libraries/{self.id}/scan").status_code == 204

    def change(self, **values: object) -> None:
        assert self.admin.put(f"/libraries/{self.id}", values).status_code == 200

    def found(self, **query: object) -> dict[str, dict]:
        """By path below the folder."""
        items = self.owner.post("/search/metadata", {"libraryId": self.id, "withExif": True, **query}).json
        return {os.path.relpath(asset["originalPath"], self.folder): asset for asset in items["assets"]["items"]}


@pytest.fixture
def shelf(server: Server, user: Caller, tmp_path: Path) -> Shelf:
    folder = tmp_path / "photos, {all} 'of' [them]"
    folder.mkdir()
    return Shelf(server, user, folder)


def test_files_become_assets_where_they_are(shelf: Shelf) -> None:
    path = shelf.put("2020/a.jpg", modified=1_600_000_000)
    shelf.put("b.mp4", b"no film")
    for passed_over in ("notes.txt", ".hidden.jpg", ".stuff/c.jpg", "@eaDir/d.jpg"):
        shelf.put(passed_over)
    before = path.read_bytes()
    shelf.scan()
    found = shelf.found()
    assert set(found) == {"2020/a.jpg", "b.mp4"}
    asset = found["2020/a.jpg"]
    assert (asset["libraryId"], asset["originalPath"], asset["originalFileName"], asset["type"]) == (
        shelf.id, str(path), "a.jpg", "IMAGE")
    assert (asset["isOffline"], asset["isTrashed"]) == (False, False)
    assert asset["fileModifiedAt"] == "2020-09-13T12:26:40.000Z"
    assert asset["exifInfo"]["fileSizeInByte"] == len(before)
    assert asset["thumbhash"] and asset["width"] == 64
    at = f"/assets/{asset['id']}"
    original = shelf.owner.get(f"{at}/original")
    assert (original.data, original.headers["Content-Type"]) == (before, "image/jpeg")
    assert shelf.owner.get(f"{at}/original", headers={"Range": "bytes=0-3"}).data == before[:4]
    assert shelf.owner.get(f"{at}/thumbnail").status_code == 200
    about = shelf.admin.get(f"/libraries/{shelf.id}").json
    assert (about["assetCount"], about["refreshedAt"] is None) == (2, False)
    assert shelf.admin.get(f"/libraries/{shelf.id}/statistics").json == {
        "photos": 1, "videos": 1, "total": 2, "usage": len(before) + 7}
    shelf.scan()
    again = shelf.found()
    assert {name: again[name]["id"] for name in again} == {name: found[name]["id"] for name in found}
    assert path.read_bytes() == before


def test_no_quota_counts_them_and_no_upload_is_their_duplicate(server: Server, shelf: Shelf) -> None:
    content = photo()
    shelf.put("a.jpg", content)
    shelf.put("again.jpg", content)
    with server.context():
        User.update(quota_size_in_bytes=len(content)).where(User.id == shelf.owner.id).execute()
    shelf.scan()
    assert len(shelf.found()) == 2
    assert shelf.owner.upload(content).status_code == 201
    assert shelf.owner.get("/users/me").json["quotaUsageInBytes"] == len(content)


def test_sidecars_beside_the_file(shelf: Shelf) -> None:
    shelf.put("a.jpg")
    shelf.put("a.jpg.xmp", SIDECAR)
    shelf.put("b.jpg")
    shelf.put("b.xmp", SIDECAR)
    shelf.put("c.jpg")
    shelf.scan()
    facts = {name: (asset["exifInfo"]["rating"], asset["exifInfo"]["description"])
             for name, asset in shelf.found().items()}
    assert facts == {"a.jpg": (4, "By the lake"), "b.jpg": (4, "By the lake"), "c.jpg": (None, "")}
    # It goes and comes with a change of the file.
    (shelf.folder / "a.jpg.xmp").unlink()
    os.utime(shelf.folder / "a.jpg", (1_700_000_000, 1_700_000_000))
    shelf.put("c.jpg.xmp", SIDECAR)
    os.utime(shelf.folder / "c.jpg", (1_700_000_000, 1_700_000_000))
    shelf.scan()
    assert {name: asset["exifInfo"]["rating"] for name, asset in shelf.found().items()} == {
        "a.jpg": None, "b.jpg": 4, "c.jpg": 4}


def test_a_file_that_was_changed_is_read_again_once(server: Server, shelf: Shelf) -> None:
    shelf.put("a.jpg")
    shelf.scan()
    first = shelf.found()["a.jpg"]
    etag = shelf.owner.get(f"/assets/{first['id']}/original").headers["ETag"]
    larger = photo(128, 96)
    shelf.put("a.jpg", larger)
    shelf.scan()
    # By its time alone: nobody looks into every file at every scan.
    assert shelf.found()["a.jpg"]["width"] == 64
    shelf.put("a.jpg", larger, modified=1_600_000_001)
    shelf.scan()
    second = shelf.found()["a.jpg"]
    assert (second["id"], second["width"], second["exifInfo"]["fileSizeInByte"]) == (first["id"], 128, len(larger))
    assert second["thumbhash"] != first["thumbhash"]
    fresh = shelf.owner.get(f"/assets/{first['id']}/original", headers={"If-None-Match": etag})
    assert (fresh.status_code, fresh.data) == (200, larger)
    shelf.scan()
    assert shelf.found()["a.jpg"]["updatedAt"] == second["updatedAt"]


def test_what_is_gone_is_offline_until_it_is_back(shelf: Shelf) -> None:
    path = shelf.put("a.jpg")
    shelf.put("b.jpg")
    shelf.scan()
    asset = shelf.found()["a.jpg"]["id"]
    shelf.owner.put(f"/assets/{asset}", {"description": "Mine"})
    # What users say is kept among our files, not beside theirs.
    assert {file.name for file in shelf.folder.iterdir()} == {"a.jpg", "b.jpg"}
    path.rename(shelf.folder.parent / "elsewhere.jpg")
    shelf.scan()
    assert set(shelf.found()) == {"b.jpg"}
    about = shelf.owner.get(f"/assets/{asset}").json
    assert (about["isOffline"], about["isTrashed"]) == (True, True)
    assert shelf.owner.get(f"/assets/{asset}/original").status_code == 404
    assert shelf.owner.get(f"/assets/{asset}/thumbnail").status_code == 200
    assert shelf.found(isOffline=True)["a.jpg"]["id"] == asset
    # It is in no trash: nobody can take it out, nor is it emptied.
    shelf.owner.post("/trash/restore/assets", {"ids": [asset]})
    shelf.owner.post("/trash/empty")
    assert shelf.owner.get(f"/assets/{asset}").json["isOffline"] is True
    (shelf.folder.parent / "elsewhere.jpg").rename(path)
    shelf.scan()
    about = shelf.owner.get(f"/assets/{asset}").json
    assert (about["isOffline"], about["isTrashed"], about["exifInfo"]["description"]) == (False, False, "Mine")
    assert shelf.admin.get(f"/libraries/{shelf.id}").json["assetCount"] == 2


def test_what_is_in_the_trash_stays_there(shelf: Shelf) -> None:
    path = shelf.put("a.jpg")
    shelf.scan()
    asset = shelf.found()["a.jpg"]["id"]
    shelf.owner.delete("/assets", {"ids": [asset]})
    path.rename(shelf.folder.parent / "elsewhere.jpg")
    shelf.scan()
    assert shelf.owner.get(f"/assets/{asset}").json["isOffline"] is True
    (shelf.folder.parent / "elsewhere.jpg").rename(path)
    shelf.scan()
    about = shelf.owner.get(f"/assets/{asset}").json
    assert (about["isOffline"], about["isTrashed"]) == (False, True)
    shelf.owner.post("/trash/restore/assets", {"ids": [asset]})
    assert set(shelf.found()) == {"a.jpg"}


def test_what_is_left_out_by_now(shelf: Shelf) -> None:
    shelf.put("Raw/a.jpg")
    shelf.put("b.jpg")
    shelf.scan()
    assert set(shelf.found()) == {"Raw/a.jpg", "b.jpg"}
    shelf.change(exclusionPatterns=["**/raw/**"])
    shelf.scan()
    assert set(shelf.found()) == {"b.jpg"}
    shelf.put("Raw/c.jpg")
    shelf.scan()
    assert set(shelf.found()) == {"b.jpg"}
    assert set(shelf.found(withDeleted=True)) == {"Raw/a.jpg", "b.jpg"}
    shelf.change(exclusionPatterns=[])
    shelf.scan()
    assert set(shelf.found()) == {"Raw/a.jpg", "Raw/c.jpg", "b.jpg"}
    # Another folder, and nothing of the first one is wanted.
    other = shelf.folder.parent / "other"
    other.mkdir()
    shelf.change(importPaths=[str(other)])
    shelf.scan()
    assert shelf.found() == {}
    shelf.change(importPaths=[f"{shelf.folder}/", str(other)])
    shelf.scan()
    assert len(shelf.found()) == 3


@pytest.mark.parametrize("char", "'\"`*{},()[]?!@#$%^&=+~|<>;:")
def test_folders_with_odd_names(server: Server, tmp_path: Path, char: str) -> None:
    """Without assets: looking is enough."""
    folder = tmp_path / f"folder{char}1"
    folder.mkdir()
    (folder / "a.PNG").write_bytes(b"x")
    with server.context():
        assert [found.path for found in walk(str(folder), Exclusions([]))] == [f"{folder}/a.PNG"]


def test_links_are_followed_within_what_is_allowed(make_server: Callable[..., Server], tmp_path: Path) -> None:
    inside, outside = tmp_path / "photos", tmp_path / "private"
    for folder in (inside / "real", outside):
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(photo())
    (inside / "again").symlink_to(inside / "real")
    (inside / "loop").symlink_to(inside)
    (inside / "out").symlink_to(outside)
    (inside / "single.jpg").symlink_to(outside / "a.jpg")
    (inside / "dangling.jpg").symlink_to("nowhere")
    (Path(os.fsdecode(os.fsencode(inside) + b"/\xff.jpg"))).write_bytes(photo())
    server = make_server(**{"plugin.libraries.allowed_folders": [str(inside)]})
    server.admin = server.user("admin", is_admin=True)
    shelf = Shelf(server, server.user(), inside)
    shelf.scan()
    assert [os.path.basename(name) for name in shelf.found()] == ["a.jpg"]
    # Somebody puts a link in the place of a file that is known.
    name, asset = next(iter(shelf.found().items()))
    (inside / name).unlink()
    (inside / name).symlink_to(outside / "a.jpg")
    assert shelf.owner.get(f"/assets/{asset['id']}/original").status_code == 404


def test_removing_a_library_leaves_the_files(server: Server, shelf: Shelf) -> None:
    paths = [shelf.put(f"{name}.jpg") for name in "ab"]
    sidecar = shelf.put("a.jpg.xmp", SIDECAR)
    contents = [path.read_bytes() for path in (*paths, sidecar)]
    shelf.scan()
    asset = shelf.found()["a.jpg"]["id"]
    phone = Phone(shelf.owner, CORE_TYPES, CORE)
    phone.settle()
    assert phone.rows("asset")[asset,]["libraryId"] == shelf.id
    assert shelf.admin.delete(f"/libraries/{shelf.id}").status_code == 204
    assert shelf.owner.get(f"/assets/{asset}").status_code == 400
    assert [path.read_bytes() for path in (*paths, sidecar)] == contents
    phone.settle()
    assert phone.rows("asset") == {}
    with server.context():
        assert not Library.select().where(Library.id == shelf.id).exists()


def test_deleting_assets_leaves_the_files(shelf: Shelf) -> None:
    path = shelf.put("a.jpg")
    shelf.scan()
    first = shelf.found()["a.jpg"]["id"]
    assert shelf.owner.delete("/assets", {"ids": [first], "force": True}).status_code == 204
    assert path.exists()
    shelf.scan()
    assert shelf.found()["a.jpg"]["id"] != first


def test_removing_the_owner_leaves_the_files(server: Server, shelf: Shelf) -> None:
    path = shelf.put("a.jpg")
    shelf.scan()
    server.admin.delete(f"/admin/users/{shelf.owner.id}", {"force": True})
    with server.context():
        remove_user(shelf.owner.id)
        assert not Library.select().where(Library.id == shelf.id).exists()
    assert path.exists()


def test_files_of_ours_are_no_pictures_of_a_library(server: Server, shelf: Shelf, user: Caller) -> None:
    user.asset()
    data = server.runtime.config.data_path
    with server.context():
        names = {found.path for found in walk(str(data.parent), Exclusions([]))}
    assert not any(name.startswith(f"{data}/") for name in names)


def test_a_sidecar_copied_to_a_file_of_a_library_is_kept_by_us(shelf: Shelf) -> None:
    shelf.put("a.jpg")
    shelf.scan()
    target = shelf.found()["a.jpg"]["id"]
    source = shelf.owner.asset(sidecarData=(io.BytesIO(SIDECAR), "photo.jpg.xmp"))
    assert shelf.owner.put("/assets/copy", {"sourceId": source, "targetId": target, "sidecar": True}).status_code == 204
    assert sorted(path.name for path in shelf.folder.iterdir()) == ["a.jpg"]
    os.utime(shelf.folder / "a.jpg", (1_700_000_000, 1_700_000_000))
    shelf.scan()
    assert shelf.found()["a.jpg"]["exifInfo"]["rating"] == 4


def test_archives_hold_them(shelf: Shelf) -> None:
    content = shelf.put("a.jpg").read_bytes()
    shelf.scan()
    asset = shelf.found()["a.jpg"]["id"]
    archive = shelf.owner.post("/download/archive", {"assetIds": [asset]})
    with zipfile.ZipFile(io.BytesIO(archive.data)) as opened:
        assert opened.read("a.jpg") == content


def test_all_libraries_at_once(server: Server, shelf: Shelf) -> None:
    shelf.put("a.jpg")
    assert server.admin.put("/jobs/library", {"command": "start", "force": False}).status_code == 200
    assert set(shelf.found()) == {"a.jpg"}
    with server.context():
        # As when the process was killed that was to remove it.
        Library.update(deleted_at="2024-01-01T00:00:00.000Z").where(Library.id == shelf.id).execute()
        enqueue(JobName.LIBRARY_SCAN_QUEUE_ALL)
        assert not Library.select().where(Library.id == shelf.id).exists()
        assert not JobRow.select().where(JobRow.queue == "library", JobRow.state == "failed").exists()
    assert shelf.found() == {}


def test_when_they_are_scanned(server: Server) -> None:
    with server.context():
        assert scanning.cron() == "0 0 * * *"


def test_without_the_plugin_they_stay_but_cannot_be_opened(make_server: Callable[..., Server], tmp_path: Path) -> None:
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    shelf = Shelf(server, server.user(), tmp_path)
    shelf.put("a.jpg")
    shelf.scan()
    asset = shelf.found()["a.jpg"]["id"]
    config = server.runtime.config
    disabled = replace(config, plugins=replace(config.plugins, disabled=["libraries"]))
    without = Server(create_app(disabled, plugins=Plugins(disabled)))
    owner = Caller(without, shelf.owner.headers, id=shelf.owner.id)
    assert owner.get(f"/assets/{asset}").json["libraryId"] == shelf.id
    assert owner.get(f"/assets/{asset}/thumbnail").status_code == 200
    assert owner.get(f"/assets/{asset}/original").status_code == 404
    without.database.close_all()
