"""What is fetched from a bucket is handed on to whoever wants the same next."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_flask.infra.storage import fetched
from immich_flask.infra.storage.base import ObjectNotFound
from immich_flask.infra.storage.s3 import S3Storage


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def bucket(make_s3: Callable[..., S3Storage]) -> S3Storage:
    return make_s3()


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def fetch(storage: S3Storage, key: str, *, again: bool = False) -> bytes:
    with storage.as_file(key, again=again) as path:
        assert path.suffix == Path(key).suffix
        return path.read_bytes()


def kept(folder: Path, name: str, size: int = 10, age: float = 0) -> None:
    path = folder / "x"
    path.write_bytes(bytes(size))
    modified = path.stat().st_mtime - age
    os.utime(path, (modified, modified))
    fetched.keep(name, path)
    path.unlink()


def test_once_for_two(bucket: S3Storage, temporary: Path) -> None:
    bucket.put("originals/a.jpg", [b"bytes"])
    assert fetch(bucket, "originals/a.jpg", again=True) == b"bytes"
    assert len(files(temporary)) == 1
    bucket.delete(["originals/a.jpg"])
    assert fetch(bucket, "originals/a.jpg") == b"bytes"
    assert files(temporary) == []
    with pytest.raises(ObjectNotFound):
        fetch(bucket, "originals/a.jpg")


def test_nothing_is_kept_of_what_went_wrong(bucket: S3Storage, temporary: Path) -> None:
    bucket.put("originals/b.jpg", [b"bytes"])
    with pytest.raises(RuntimeError), bucket.as_file("originals/b.jpg", again=True):
        raise RuntimeError
    assert files(temporary) == []


def test_only_one_gets_it(temporary: Path) -> None:
    kept(temporary, "a")
    mine = fetched.take("a", ".jpg")
    assert (mine.suffix, mine.stat().st_size) == (".jpg", 10)
    assert fetched.take("a", ".jpg") is None
    assert fetched.take("b", ".jpg") is None


def test_what_nobody_takes_goes(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetched, "MOST", 25)
    monkeypatch.setattr(fetched, "LARGEST", 20)
    kept(temporary, "old", age=fetched.SECONDS + 1)
    kept(temporary, "huge", size=21)
    assert files(temporary) == []
    for number in range(3):
        kept(temporary, f"a{number}", age=10 - number)
    assert [fetched.take(f"a{number}", "") is not None for number in range(3)] == [False, True, True]
    kept(temporary, "b", age=7)
    fetched.remove(older_than=5)
    assert fetched.take("b", "") is None


def test_a_folder_that_others_can_write_to_is_not_used(temporary: Path) -> None:
    folder = temporary / f"immich-flask-{os.getuid()}.fetched"
    for make in (lambda: folder.symlink_to(temporary), lambda: folder.mkdir(), lambda: folder.write_bytes(b"")):
        make()
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o777)
        kept(temporary, "a")
        assert fetched.take("a", ".jpg") is None
        fetched.remove(0)
        (folder.rmdir if folder.is_dir() and not folder.is_symlink() else folder.unlink)()
