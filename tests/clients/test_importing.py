"""`immich-flask import`: from one server to another, stopped midway and started again; from a folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from PIL import Image

from immich_flask.testing import Caller, Server, photo
from plugins.importer import commands
from plugins.importer.local import Local
from plugins.importer.models import Imported
from plugins.importer.notes import Notes
from plugins.importer.remote import Remote
from tests.serving import Served

Run = Callable[..., Result]


class Source:
    """A new account of the served server, with one of everything."""

    def __init__(self, served: Served) -> None:
        self.served = served.user()
        self.files: dict[str, bytes] = {}

    def api(self, method: str, path: str, body: object = None, **options: object) -> object:
        answer = requests.request(method, f"{self.served.url}{path}", json=body, timeout=30,
                                  headers={"x-api-key": self.served.key}, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def upload(self, name: str, content: bytes | None = None, **fields: str) -> str:
        self.files[name] = photo() if content is None else content
        return self.api("POST", "/assets", files={"assetData": (name, self.files[name])}, data={
            "fileCreatedAt": "2021-03-04T05:06:07.000Z", "fileModifiedAt": "2021-03-05T05:06:07.000Z", **fields})["id"]

    def fill(self) -> Source:
        exif = Image.Exif()
        exif.get_ifd(0x8769).update({0x9003: "2019:07:08 09:10:11", 0x9011: "+02:00"})
        plain, loved = self.upload("plain.jpg"), self.upload("loved.jpg", isFavorite="true")
        old, dated = self.upload("old.jpg", visibility="archive"), self.upload("dated.jpg", photo(exif=exif))
        told = self.upload("told ünïcode 夏.jpg")
        self.api("PUT", f"/assets/{told}", {"description": "By the lake", "rating": 4, "latitude": 48.2,
                                            "longitude": 16.37, "dateTimeOriginal": "2015-01-02T03:04:05.000+01:00"})
        tag, deep = self.api("PUT", "/tags", {"tags": ["places", "places/lake"]})
        self.api("PUT", f"/tags/{tag['id']}", {"color": "#112233"})
        self.api("PUT", f"/tags/{tag['id']}/assets", {"ids": [plain]})
        self.api("PUT", f"/tags/{deep['id']}/assets", {"ids": [plain, told]})
        album = self.api("POST", "/albums", {"albumName": "Trip", "description": "To the lake",
                                             "assetIds": [plain, loved, told]})
        self.api("PATCH", f"/albums/{album['id']}", {"order": "asc", "albumThumbnailAssetId": loved,
                                                     "isActivityEnabled": False})
        self.api("POST", "/stacks", {"assetIds": [dated, old]})
        gone, self.album = self.upload("gone.jpg"), album["id"]
        self.api("DELETE", "/assets", {"ids": [gone]})
        del self.files["gone.jpg"]
        return self


@pytest.fixture
def source(served: Served) -> Source:
    return Source(served).fill()


@pytest.fixture
def target(server: Server) -> Caller:
    return server.user("target")


@pytest.fixture
def run(server: Server, source: Source, target: Caller) -> Run:
    """`run("--dry-run")`: import from `source` into the account `target`; asserts the exit status (0)."""

    def invoke(*arguments: str, status: int = 0, key: str = source.served.key) -> Result:
        with server.context():
            result = CliRunner().invoke(commands.group, [
                "immich", "--url", source.served.url, "--user", target.email, "--concurrency", "1", *arguments],
                env={"IMMICH_API_KEY": key})
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return invoke


def assets(caller: Caller) -> dict[str, dict]:
    """All of the caller's assets in full, by file name."""
    found = [asset for visibility in ("timeline", "archive", "hidden") for asset in caller.post(
        "/search/metadata", {"visibility": visibility}).json["assets"]["items"]]
    return {asset["originalFileName"]: caller.get(f"/assets/{asset['id']}").json for asset in found}


def assert_copied(source: Source, target: Caller) -> None:
    copies = assets(target)
    assert copies.keys() == source.files.keys()
    for name, content in source.files.items():
        assert base64.b64decode(copies[name]["checksum"]) == hashlib.sha1(content).digest()
        assert target.get(f"/assets/{copies[name]['id']}/original").data == content
    assert [name for name, asset in copies.items() if asset["isFavorite"]] == ["loved.jpg"]
    assert [name for name, asset in copies.items() if asset["visibility"] == "archive"] == ["old.jpg"]
    assert copies["plain.jpg"]["fileCreatedAt"] == "2021-03-04T05:06:07.000Z"
    assert copies["plain.jpg"]["fileModifiedAt"] == "2021-03-05T05:06:07.000Z"
    assert copies["dated.jpg"]["localDateTime"] == "2019-07-08T09:10:11.000Z"
    told = copies["told ünïcode 夏.jpg"]
    assert (told["exifInfo"]["description"], told["exifInfo"]["rating"]) == ("By the lake", 4)
    assert (told["exifInfo"]["latitude"], told["exifInfo"]["longitude"]) == (48.2, 16.37)
    assert (told["localDateTime"], told["fileCreatedAt"]) == ("2015-01-02T03:04:05.000Z", "2015-01-02T02:04:05.000Z")
    assert sorted(tag["value"] for tag in copies["plain.jpg"]["tags"]) == ["places", "places/lake"]
    assert [tag["value"] for tag in told["tags"]] == ["places/lake"]
    assert {tag["value"]: tag.get("color") for tag in target.get("/tags").json}["places"] == "#112233"
    album, = target.get("/albums").json
    assert {key: album[key] for key in ("albumName", "description", "order", "isActivityEnabled", "assetCount")} == {
        "albumName": "Trip", "description": "To the lake", "order": "asc", "isActivityEnabled": False, "assetCount": 3}
    assert album["albumThumbnailAssetId"] == copies["loved.jpg"]["id"]
    stack, = target.get("/stacks").json
    assert stack["primaryAssetId"] == copies["dated.jpg"]["id"]
    assert {asset["id"] for asset in stack["assets"]} == {copies[name]["id"] for name in ("dated.jpg", "old.jpg")}


class TestImmich:
    def test_everything_is_copied_once(self, run, source, target, server):
        assert "5  copied" in run("--dry-run").output
        assert assets(target) == {}
        assert "5  copied" in run().output
        assert_copied(source, target)
        again = run().output
        assert "5  copied before" in again
        assert_copied(source, target)
        assert target.get("/api-keys").json == []

    @pytest.mark.once
    def test_what_is_here_already(self, run, source, target):
        """It is not copied, keeps what its owner says of it, and takes its place in albums."""
        mine = target.asset(source.files["loved.jpg"], "mine.jpg")
        output = run().output
        assert "4  copied" in output and "1  already here" in output
        asset = target.get(f"/assets/{mine}").json
        assert (asset["isFavorite"], asset["originalFileName"]) == (False, "mine.jpg")
        album, = target.get("/albums").json
        assert (album["assetCount"], album["albumThumbnailAssetId"]) == (3, mine)

    @pytest.mark.parametrize("place", ["download", "after the upload", "before the albums"])
    @pytest.mark.once
    def test_stopped_midway(self, run, source, target, monkeypatch, place):
        calls = 0
        owner, name = {"download": (Remote, "download"), "after the upload": (Local, "upload"),
                       "before the albums": (Notes, "copies")}[place]
        original = getattr(owner, name)

        def killed(*arguments: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            now = calls == (1 if place == "before the albums" else 3)
            if now and place == "download":
                raise SystemError("killed")
            result = original(*arguments, **more)
            if now:
                raise SystemError("killed")
            return result

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, killed)
            assert isinstance(run(status=1).exception, SystemError)
        assert "copied" in run().output
        assert_copied(source, target)

    def test_what_was_changed_here_stays(self, run, source, target):
        run()
        copies = assets(target)
        target.put(f"/assets/{copies['loved.jpg']['id']}", {"isFavorite": False})
        target.delete("/assets", {"ids": [copies["plain.jpg"]["id"]], "force": True})
        album, = target.get("/albums").json
        target.delete(f"/albums/{album['id']}/assets", {"ids": [copies["told ünïcode 夏.jpg"]["id"]]})
        source.upload("new.jpg")
        assert "1  copied" in run().output
        after = assets(target)
        assert after.keys() == (copies.keys() - {"plain.jpg"}) | {"new.jpg"}
        assert after["loved.jpg"]["isFavorite"] is False
        assert target.get(f"/albums/{album['id']}").json["assetCount"] == 1

    def test_live_photos_stay_together(self, run, source, target, live):
        moving = source.upload("live.mov", live)
        still = source.upload("live.jpg", livePhotoVideoId=moving)
        assert source.api("GET", f"/assets/{still}")["livePhotoVideoId"] == moving
        run()
        copies = assets(target)
        assert copies["live.jpg"]["livePhotoVideoId"] == copies["live.mov"]["id"]
        assert copies["live.mov"]["visibility"] == "hidden"

    @pytest.mark.once
    def test_a_download_that_is_damaged(self, run, source, target, monkeypatch):
        original = Remote.download

        class Short:
            def __init__(self, answer: object) -> None:
                self.answer, self.headers = answer, answer.headers

            def read(self, size: int) -> bytes:
                return self.answer.read(size)[:-1] + b"x"

            def close(self) -> None:
                self.answer.close()

        monkeypatch.setattr(Remote, "download", lambda self, asset_id: Short(original(self, asset_id)))
        result = run(status=1)
        assert "5  failed" in result.output
        assert "not those that were announced" in result.output
        assert assets(target) == {}

    @pytest.mark.parametrize(("arguments", "said"), [
        (["--url", "http://127.0.0.1:9"], "cannot be reached"), (["--url", "ftp://x"], "is no address"),
        (["--user", "nobody@test.example"], "there is no account"), (["--api-key", "wrong"], "Invalid API key"),
    ])
    @pytest.mark.once
    def test_bad_arguments(self, run, arguments, said, monkeypatch):
        monkeypatch.setattr("urllib3.util.Retry.get_backoff_time", lambda self: 0)
        assert said in run(*arguments, status=1).output

    @pytest.mark.once
    def test_a_poor_key(self, run, source):
        poor = source.api("POST", "/api-keys", {"name": "poor", "permissions": ["user.read"]})["secret"]
        assert "the key needs user.read, asset.read" in run(status=1, key=poor).output

    def test_the_notes_belong_to_the_account(self, run, server, target):
        run()
        with server.context():
            assert Imported.select().where(Imported.user == target.id).count() == 5 + 1 + 1 + 1


@pytest.fixture(scope="module")
def live() -> bytes:
    """A short film."""
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mov") as film:
        stream = film.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            film.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), "navy"))))
        film.mux(stream.encode(None))
    return out.getvalue()


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("top.jpg", "beach/one.jpg", "beach/two.jpg", "beach/notes.txt", "hills/beach/three.jpg",
                     ".hidden/four.jpg"):
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo())
        (tmp_path / "pictures" / "beach" / "one.jpg.xmp").write_text(
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/></rdf:RDF></x:xmpmeta>')
        return tmp_path / "pictures"

    def run(self, server: Server, folder: Path, target: Caller, *arguments: str, status: int = 0) -> str:
        with server.context():
            result = CliRunner().invoke(commands.group, ["folder", str(folder), "--user", target.email,
                                                         "--concurrency", "1", *arguments])
        assert result.exit_code == status, (result.output, result.exception)
        return result.output

    def test_folders_become_albums(self, server, folder, target):
        assert "4  imported" in self.run(server, folder, target, "--dry-run")
        assert assets(target) == {}
        assert "4  imported" in self.run(server, folder, target)
        albums = {album["albumName"]: album["assetCount"] for album in target.get("/albums").json}
        assert albums == {"pictures": 1, "beach": 3}
        assert assets(target)["one.jpg"]["exifInfo"]["rating"] == 3
        assert "4  already here" in self.run(server, folder, target)
        assert len(target.get("/albums").json) == 2

    def test_without_albums_and_with_hidden_files(self, server, folder, target):
        assert "5  imported" in self.run(server, folder, target, "--no-albums", "--hidden")
        assert target.get("/albums").json == []

    def test_a_file_that_cannot_be_imported(self, server, folder, target):
        (folder / "empty.jpg").touch()
        output = self.run(server, folder, target, status=1)
        assert "4  imported" in output
        assert "empty.jpg: " in output
