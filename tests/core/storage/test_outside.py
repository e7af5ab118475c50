"""Files that are not ours, beside the storage that is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from immich_flask.infra.storage.base import ObjectNotFound, Storage, StorageError
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.outside import Folders, WithOutside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a file of three bytes."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"abc")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return tmp_path / "photos"


@pytest.fixture
def storage(tmp_path: Path, folder: Path) -> WithOutside:
    storage = WithOutside(LocalStorage(tmp_path / "ours"))
    storage.allow_outside([folder])
    return storage


def test_they_are_read(storage: WithOutside, folder: Path) -> None:
    key = str(folder / "a.jpg")
    assert (storage.stat(key).size, storage.exists(key), storage.local_path(key)) == (3, True, key)
    with storage.open(key, 1, 1) as stream:
        assert (stream.read(), stream.info.size) == (b"b", 3)
    with storage.as_file(key) as path:
        assert path.read_bytes() == b"abc"
    hour = timedelta(hours=1)
    assert storage.presigned_url(key, expires=hour, content_type="image/jpeg", disposition="inline") is None
    storage.copy(key, "originals/copy.jpg")
    with storage.open("originals/copy.jpg") as stream:
        assert stream.read() == b"abc"


def test_they_are_never_written(storage: WithOutside, folder: Path) -> None:
    key = str(folder / "a.jpg")
    storage.put("originals/x.jpg", [b"x"])
    for write in (lambda: storage.put(key, [b"x"]), lambda: storage.put(str(folder / "new.jpg"), [b"x"]),
                  lambda: storage.copy("originals/x.jpg", key), lambda: storage.copy(key, str(folder / "b.jpg"))):
        with pytest.raises(StorageError):
            write()
    storage.delete([key, "originals/x.jpg"])
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]
    assert (folder / "a.jpg").read_bytes() == b"abc"
    assert not storage.exists("originals/x.jpg")
    assert list(storage.list()) == []


def test_nothing_else_is_read(storage: WithOutside, folder: Path) -> None:
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    (folder / "inside.jpg").symlink_to(folder / "a.jpg")
    for key in (f"{folder}/../secret.jpg", f"{folder}/link.jpg", "/etc/passwd", f"{folder}/none.jpg", str(folder),
                f"{folder}-other/a.jpg"):
        assert not storage.exists(key)
        for read in (storage.open, storage.stat, lambda key: storage.as_file(key).__enter__()):
            with pytest.raises(ObjectNotFound):
                read(key)
    assert storage.exists(f"{folder}/inside.jpg")
    storage.allow_outside([])
    assert not storage.exists(str(folder / "a.jpg"))


def test_a_folder_that_is_a_link(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert Folders([folder.parent / "link"]).hold(folder / "a.jpg")
    assert Folders([folder]).hold(folder.parent / "link" / "a.jpg")
    assert not Folders([folder]).hold(f"{folder}2")
    assert Folders(["/"]).hold(folder)
    assert not Folders([]).hold(folder)


def test_it_is_a_whole_storage() -> None:
    promised = {name for name in vars(Storage) if not name.startswith("_")}
    assert promised - set(vars(WithOutside)) == set()
