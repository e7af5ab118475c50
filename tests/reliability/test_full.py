"""No space left: for photos, for SQLite, for temporary files. What does not fit is refused and leaves nothing; what was
there is there, and with space everything goes on."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cysqlite
import pytest

from immich_flask.core.assets import integrity
from immich_flask.infra.away import is_full
from immich_flask.infra.storage.base import StorageFull
from immich_flask.testing import Server, photo
from immich_flask.testing.callers import PASSWORD
from immich_flask.testing.fixtures import Backend

FULL = {"message": "No space left on the server"}

DISK = 8 * 1024**2


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system with 8 MB."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(folder)], capture_output=True,
                             check=False) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip("mounting a file system takes root; test_files_that_may_not_grow needs none")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Somebody else has taken all the space."""
    path = folder / "of somebody else"
    with path.open("wb", buffering=0) as file:
        for size in (64 * 1024, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    yield
    path.unlink()


@contextmanager
def files_of(size: int) -> Iterator[None]:
    """No file of this process may become larger; Python ignores the signal that comes with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_photos_fill_the_disk(make_server: Callable[..., Server], small_disk: Path) -> None:
    folder = small_disk / "photos"
    server = make_server(**{"storage.backend": "local", "storage.path": str(folder)})
    ann = server.user("ann")
    content = photo()
    asset = ann.asset(content)
    before = left_over(folder)
    with filled(small_disk):
        answer = ann.upload(photo() + os.urandom(100_000))
        assert (answer.status_code, answer.json) == (507, FULL)
        assert left_over(folder) == before
        # Only what takes space is refused.
        assert ann.get(f"/assets/{asset}/original").data == content
        assert ann.put(f"/assets/{asset}", {"description": "full"}).status_code == 200
        assert server.nobody.post("/auth/login", {"email": ann.email, "password": PASSWORD}).status_code == 201
        assert ann.get("/assets/statistics").json["total"] == 1
    assert ann.upload(photo() + os.urandom(100_000)).status_code == 201
    # A sidecar was to be written meanwhile: that job waits.
    with server.context():
        assert list(integrity.find_missing()) == []
        assert list(integrity.find_damaged()) == []


def test_sqlite_fills_the_disk(make_server: Callable[..., Server], small_disk: Path, backend: Backend,
                               tmp_path: Path) -> None:
    if backend.kind == "postgres":
        pytest.skip("with SQLite")
    (small_disk / "data").mkdir()
    server = make_server(**{"storage.path": str(tmp_path / "photos"), "data_dir": str(small_disk / "data")})
    ann = server.user("ann")
    asset = ann.asset()
    with filled(small_disk):
        said = [ann.put(f"/assets/{asset}", {"description": str(number) * 2000}) for number in range(10)]
        assert {answer.status_code for answer in said} <= {200, 503, 507}
        assert any(answer.status_code == 507 and answer.json == FULL for answer in said)
        written = max((number for number, answer in enumerate(said) if answer.status_code == 200), default=None)
        assert ann.get(f"/assets/{asset}").json["exifInfo"]["description"] == (
            "" if written is None else str(written) * 2000)
        assert ann.upload(photo()).status_code in (503, 507)
        assert ann.get(f"/assets/{asset}/original").status_code == 200
    assert ann.put(f"/assets/{asset}", {"description": "room"}).status_code == 200
    assert ann.upload(photo()).status_code == 201
    assert ann.get("/assets/statistics").json["total"] == 2
    server.database.close_all()
    with cysqlite.connect(small_disk / "data" / "immich.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_temporary_files_fill_the_disk(server: Server, backend: Backend, small_disk: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job fetches from a bucket lies there while it is worked on."""
    if backend.kind != "postgres":
        pytest.skip("with S3")
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    storage = server.runtime.storage
    storage.put("originals/large", [os.urandom(200_000)])
    with filled(small_disk), pytest.raises(StorageFull) as caught, storage.as_file("originals/large"):
        pytest.fail("no file")
    assert is_full(caught.value)
    with storage.as_file("originals/large") as path:
        assert path.stat().st_size == 200_000
    storage.delete(["originals/large"])


def test_files_that_may_not_grow(make_server: Callable[..., Server], backend: Backend, tmp_path: Path) -> None:
    """A limit of the operating system acts like a full disk."""
    if backend.kind == "postgres":
        pytest.skip("with SQLite and a folder")
    server = make_server()
    ann = server.user("ann")
    folder = server.runtime.config.storage_path
    before = left_over(folder)
    with files_of(50_000):
        assert ann.upload(photo() + os.urandom(60_000)).status_code == 507
    assert left_over(folder) == before
    assert ann.upload(photo() + os.urandom(60_000)).status_code == 201
