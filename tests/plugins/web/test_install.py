"""`immich-flask web`: builds from folders, archives, saved images and registries; what is refused; what is served."""

from __future__ import annotations

import gzip
import shutil
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from immich_flask.cli import program
from immich_flask.commands.shared import Place
from immich_flask.core.runtime import EXTENSION
from immich_flask.infra.config import load_config
from immich_flask.testing import Server
from plugins.web import commands
from plugins.web.installed import Builds
from plugins.web.sources import SourceError, Unpacker, open_source
from tests.plugins.web.images import WEB, Image, SmallRegistry, digest, layer, link, web_layer

zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

HTML = {"Accept": "text/html"}
BASE = layer({"etc/passwd": b"root", "usr/big": b"0" * 100_000})

Web = Callable[..., Result]


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """`web("install", source)` on a new data folder `tmp_path/data`; asserts the exit status (0).

    In an app that knows only its configuration: the command needs no more, and a whole one takes its time."""

    def run(*arguments: object, status: int = 0, input: str | None = None, root: str = "") -> Result:
        app = Flask("test")
        app.extensions[EXTENSION] = SimpleNamespace(config=load_config(
            overrides={"data_dir": str(tmp_path / "data"), "web.root": root}, environ={}))
        with app.app_context():
            result = CliRunner().invoke(commands.web, [*map(str, arguments)], input=input)
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return run


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """What is in use, by name."""

    def read() -> dict[str, bytes]:
        root = Builds(tmp_path / "data").current()
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}

    return read


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return write(tmp_path / "build", WEB)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


class TestFiles:
    def test_a_folder(self, web, installed, build):
        (build / ".git").mkdir()
        (build / ".git" / "config").write_text("secret")
        assert "No web app is installed" in web("status", status=1).output
        assert "Installed the web app from" in web("install", build).output
        assert installed() == WEB
        assert str(build) in web("status").output

    @pytest.mark.parametrize("kind", ["gztar", "xztar", "tar", "zip"])
    def test_archives(self, web, installed, build, tmp_path, kind):
        web("install", shutil.make_archive(str(tmp_path / "archive"), kind, tmp_path, "build"))
        assert installed() == WEB

    @pytest.mark.parametrize(("files", "why"), [
        ({"index.html": b"<h1>hello</h1>"}, "no (whole) build"),
        ({name: content for name, content in WEB.items() if "start" not in name}, "no (whole) build"),
        ({**WEB, "../out": b"x"}, "leads out of the folder"), ({**WEB, "/out": b"x"}, "leads out of the folder"),
        ({**WEB, "_app\\..\\..\\out": b"x"}, "leads out of the folder"),
        ({**WEB, "link": link("link", "/etc/passwd")}, "link is a link"),
        ({**WEB, "hard": link("hard", "index.html", tarfile.LNKTYPE)}, "hard is a link"),
        ({**WEB, "pipe": link("pipe", "", tarfile.FIFOTYPE)}, "pipe is a link or a device"),
        ({**WEB, "favicon.ico/x": b"x"}, "a file in one place, and a folder in another"),
    ])
    def test_what_is_refused(self, web, build, installed, tmp_path, files, why):
        web("install", build)
        (tmp_path / "bad.tar").write_bytes(layer(files))
        assert why in web("install", tmp_path / "bad.tar", status=1).output
        assert installed() == WEB
        assert len(list((tmp_path / "data" / "web").glob("build-*"))) == 1
        assert not (tmp_path / "out").exists()

    def test_links_and_secrets_in_zip_files(self, web, tmp_path):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            info = zipfile.ZipInfo("link")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        assert "link is a link" in web("install", tmp_path / "bad.zip", status=1).output

    def test_links_in_a_folder(self, web, build):
        (build / "link").symlink_to("/etc/passwd")
        assert "link is a link" in web("install", build, status=1).output

    @pytest.mark.parametrize("content", [b"", b"nothing", gzip.compress(b"no tar" * 1000), web_layer()[:1700]],
                             ids=["empty", "text", "no archive", "cut off"])
    def test_damaged_files(self, web, tmp_path, content):
        (tmp_path / "bad.tar").write_bytes(content)
        assert "no tar or zip file, or a damaged one" in web("install", tmp_path / "bad.tar", status=1).output

    @pytest.mark.parametrize("limits", [{"max_bytes": 100}, {"max_files": 2}])
    def test_limits(self, build, tmp_path, limits):
        (tmp_path / "out").mkdir()
        with pytest.raises(SourceError, match="too (large|many files)"):
            open_source(str(build)).unpack(Unpacker(tmp_path / "out", **limits),
                                           lambda *_: nullcontext(lambda count: None))

    @pytest.mark.parametrize(("release", "status", "said"), [
        ("3.1.0", 0, "Installed the web app 3.1.0"), ("v3.2.0", 0, "Note: it is of Immich 3.2.0"),
        ("2.9.1", 1, "would not work"),
    ])
    def test_releases(self, web, build, release, status, said):
        (build / "_app" / "version.json").write_text(f'{{"version": "{release}"}}')
        assert said in web("install", build, status=status).output
        if status:
            assert "Note: it is of Immich 2.9.1" in web("install", "--force", build).output
        assert ("Note" in web("status").output) == (release != "3.1.0")

    def test_one_at_a_time(self, web, build, tmp_path):
        with Builds(tmp_path / "data").staging():
            assert "another process is installing" in web("install", build, status=1).output
        web("install", build)

    def test_removing(self, web, build, tmp_path):
        web("install", build)
        assert web("remove").output == "Removed.\n"
        assert web("remove").output == "There is none.\n"
        assert not list((tmp_path / "data" / "web").glob("build-*"))

    def test_a_configured_root_is_served_instead(self, web, build):
        assert "is not served as long as" in web("install", build, root=str(build)).output
        assert "Installed, but not served" in web("status", root=str(build)).output

    @pytest.mark.parametrize("source", ["nothing", "./nothing", "immich-server:v1", "a.example/UPPER", "a.example/x:",
                                        "a.example/x@sha256:12", "https://a.example/x"])
    def test_no_source_at_all(self, web, source):
        assert "Error: " in web("install", source, status=1).output


class TestImages:
    @pytest.mark.parametrize("pack", ["layout", "layout.tar", "saved"])
    def test_saved_images(self, web, installed, tmp_path, pack):
        image = Image([BASE, web_layer(), layer({"usr/more": b"more"})])
        if pack == "saved":
            place = image.saved(tmp_path / "image.tar")
        else:
            place = image.layout(tmp_path / "image")
            if pack == "layout.tar":
                place = shutil.make_archive(str(tmp_path / "packed"), "tar", place)
        assert "Installed the web app 3.1.0" in web("install", place).output
        assert installed() == WEB

    def test_a_changed_blob(self, web, tmp_path):
        image = Image([web_layer()])
        folder = image.layout(tmp_path / "image")
        file = folder / "blobs" / image.stored[0].replace(":", "/")
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        assert "does not have the digest" in web("install", folder, status=1).output
        file.unlink()
        assert "is missing" in web("install", folder, status=1).output

    @pytest.mark.parametrize(("layers", "expected"), [
        ([web_layer(), layer({"build/www/index.html": WEB["index.html"] + b"changed"})],
         {**WEB, "index.html": WEB["index.html"] + b"changed"}),
        # Gone in a later layer, and back in one that is later still.
        ([web_layer(), layer({"build/www/.wh.favicon.ico": b""}), layer({"build/www/robots.txt": b"all"})],
         {**{k: v for k, v in WEB.items() if k != "favicon.ico"}, "robots.txt": b"all"}),
        ([web_layer(**{"old.js": b"old"}), layer({"build/www/.wh..wh..opq": b""}), web_layer()], WEB),
        ([web_layer(**{"old.js": b"old"}), layer({".wh.build": b""}), web_layer()], WEB),
        ([web_layer(**{"x/old.js": b"old"}), layer({"build/www/x": b"now a file", "build/www/index.html": b""}),
          layer({"build/www/index.html": WEB["index.html"]})], {**WEB, "x": b"now a file"}),
    ])
    def test_layers_on_layers(self, web, installed, tmp_path, layers, expected):
        web("install", Image(layers).layout(tmp_path / "image"))
        assert installed() == expected

    @pytest.mark.parametrize(("layers", "why"), [
        ([BASE], "no (whole) build"), ([web_layer(), layer({"build/.wh.www": b""})], "no (whole) build"),
        ([web_layer(), layer({"build/www/x": link("build/www/x", "/etc/passwd")})], "is a link"),
        ([web_layer(), layer({"build/www/../../out": b"x"})], "leads out of the folder"),
        ([b"no tar at all" * 100], "damaged"), ([], "no (whole) build"),
    ])
    def test_what_is_refused(self, web, tmp_path, layers, why):
        assert why in web("install", Image(layers).layout(tmp_path / "image"), status=1).output

    @pytest.mark.parametrize("compress", [gzip.compress, zstd.compress, bytes])
    def test_compression(self, web, installed, tmp_path, compress):
        web("install", Image([web_layer()], compress=compress).layout(tmp_path / "image"))
        assert installed() == WEB

    def test_another_folder(self, web, installed, tmp_path):
        image = Image([layer({f"./usr/www/{name}": content for name, content in WEB.items()})])
        web("install", "--path", "/usr/www", image.layout(tmp_path / "image"))
        assert installed() == WEB

    @pytest.mark.parametrize("change", [
        {"index.json": b"[]"}, {"index.json": b"{"}, {"index.json": b'{"manifests": []}'},
        {"index.json": b'{"manifests": [{"digest": "sha256:../../x", "size": 1}]}'},
        {"index.json": b'{"manifests": [{"digest": 1}]}'}, {"index.json": b'{"layers": 1}'},
        {"index.json": b'{"layers": [1], "config": {}}'},
    ])
    def test_nonsense(self, web, tmp_path, change):
        assert "Error: " in web("install", write(Image([web_layer()]).layout(tmp_path / "image"), change),
                                status=1).output


class TestRegistry:
    def test_only_what_is_needed_is_read(self, web, installed):
        with SmallRegistry(Image([BASE, web_layer(), layer({"usr/more": b"more"})])) as registry:
            assert "Installed the web app 3.1.0" in web("install", f"{registry.name}:v1").output
            assert installed() == WEB
            read = [path.rpartition("/")[2] for path in registry.asked if path.startswith("/cdn/")]
            assert set(registry.image.stored[1:]) <= set(read)
            assert registry.image.stored[0] not in read
            assert registry.asked.count("/token") == 1

    def test_a_digest_is_checked(self, web, installed):
        with SmallRegistry(Image([web_layer()])) as registry:
            right = digest(registry.image.index)
            web("install", f"{registry.name}:other@{right}")
            assert installed() == WEB
            assert "no such image" in web("install", f"{registry.name}@sha256:{'0' * 64}", status=1).output
            layer_name = registry.image.stored[0]
            registry.image.blobs[layer_name] = gzip.compress(web_layer(extra=b"evil"))
            assert "does not have the digest" in web("install", f"{registry.name}:v1", status=1).output
            assert installed() == WEB

    def test_a_login(self, web, installed):
        with SmallRegistry(Image([web_layer()]), user=("me", "secret")) as registry:
            assert "wants a login" in web("install", f"{registry.name}:v1", status=1).output
            wrong = web("install", "--login", "me", f"{registry.name}:v1", input="guess\n", status=1)
            assert "wants a login" in wrong.output
            web("install", "--login", "me", f"{registry.name}:v1", input="secret\n")
            assert installed() == WEB

    def test_nobody_there(self, web):
        with SmallRegistry(Image([web_layer()])) as registry:
            assert "no such image" in web("install", f"{registry.name}:v2", status=1).output


def test_a_running_server_shows_it_at_once(make_server: Callable[..., Server], build: Path, tmp_path: Path) -> None:
    server = make_server()
    builds = Builds(server.runtime.config.data_path)

    def page(path: str = "/") -> tuple[int, bytes]:
        server.activate()
        with server.app.test_client().get(path, headers=HTML) as response:
            return response.status_code, response.get_data()

    def install(source: Path) -> None:
        with builds.staging() as place:
            root = Path(shutil.copytree(source, place / "www"))
            builds.use(place, root, "test", "")

    assert b"immich-flask" in page()[1]
    install(build)
    assert page() == (200, WEB["index.html"])
    assert page("/_app/immutable/start.js") == (200, WEB["_app/immutable/start.js"])
    (build / "index.html").write_bytes(b"another")
    seen: list[tuple[int, bytes]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(page())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        while not seen:
            pass
        install(build)
    finally:
        stop.set()
        reader.join()
    assert page() == (200, b"another")
    assert set(seen) <= {(200, WEB["index.html"]), (200, b"another")}
    builds.remove()
    assert b"immich-flask" in page()[1]


def test_before_there_is_a_database(build: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(program, ["web", "install", str(build)], obj=Place(), env={
        "IMMICH_FLASK_CONFIG": None, "IMMICH_FLASK_DATA_DIR": str(tmp_path / "new")})
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["web"]
