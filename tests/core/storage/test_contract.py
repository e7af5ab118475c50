"""What every storage does, whatever is behind it."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from minio import Minio

from immich_flask.infra.storage.base import ObjectNotFound, Storage, StorageUnavailable, safe_segment

from .conftest import PART

KB = 1024
MB = 1024 * KB


def pieces(size: int, step: int = 256 * KB) -> Iterator[bytes]:
    """Reproducible noise, made as it is read."""
    source = random.Random(size)
    while size > 0:
        yield source.randbytes(min(step, size))
        size -= step


def content(storage: Storage, key: str) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


def keys(storage: Storage, prefix: str = "") -> set[str]:
    return {info.key for info in storage.list(prefix)}


@pytest.mark.parametrize("size", [0, 1, 64 * KB, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 7])
def test_what_was_put_can_be_read(storage: Storage, size: int) -> None:
    stored = storage.put("originals/u/a/photo.jpg", pieces(size), content_type="image/jpeg")
    whole = b"".join(pieces(size))
    assert (stored.key, stored.size, stored.checksum) == ("originals/u/a/photo.jpg", size, hashlib.sha1(whole).digest())
    assert content(storage, stored.key) == whole
    info = storage.stat(stored.key)
    assert (info.key, info.size) == (stored.key, size)
    assert info.modified.tzinfo is UTC or info.modified.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - info.modified) < timedelta(minutes=1)
    assert list(storage.list()) and next(storage.list()).size == size


def test_chunks_may_be_of_any_size(storage: Storage) -> None:
    chunks = [b"", b"a", b"", os.urandom(PART + 3), b"z" * 10, b"", os.urandom(PART), b""]
    assert storage.put("k", iter(chunks)).size == sum(map(len, chunks))
    assert content(storage, "k") == b"".join(chunks)


def test_a_put_replaces(storage: Storage) -> None:
    storage.put("k", [b"a long first version"])
    storage.put("k", [b"second"])
    assert content(storage, "k") == b"second"
    assert storage.stat("k").size == 6


def test_large_objects_need_little_memory(storage: Storage) -> None:
    size = 64 * MB
    tracemalloc.start()
    try:
        storage.put("large", pieces(size))
        with storage.open("large") as stream:
            read = sum(len(chunk) for chunk in stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == size
    # Three parts and a bit on S3; a file needs no more than the chunk at hand.
    assert peak < (2 * MB if storage.local_path("large") else 4 * PART)


class Stopped(OSError):
    """Like a client that hangs up: an OSError, yet none of the storage's."""


@pytest.mark.parametrize("size", [0, 100, 2 * PART + 100])
@pytest.mark.parametrize("before", [None, b"the old one"])
def test_an_upload_that_fails_leaves_nothing(
    storage: Storage, leftovers: Callable, size: int, before: bytes | None
) -> None:
    if before is not None:
        storage.put("dir/k", [before])
    files = len(leftovers())

    def chunks() -> Iterator[bytes]:
        yield from pieces(size)
        if size > PART:
            assert len(leftovers()) == files + 1, "then looking for leftovers proves something"
        raise Stopped(5, "gone")

    with pytest.raises(Stopped, match="gone"):
        storage.put("dir/k", chunks())
    assert len(leftovers()) == files
    assert keys(storage) == (set() if before is None else {"dir/k"})
    if before is None:
        assert not storage.exists("dir/k")
    else:
        assert content(storage, "dir/k") == before


@pytest.mark.parametrize("start, length", [
    (0, None), (0, 1), (0, 10), (3, None), (3, 4), (9, 1), (9, 100), (10, None), (10, 5), (99, None), (99, 1), (0, 0),
    (5, 0),
])
def test_ranges(storage: Storage, start: int, length: int | None) -> None:
    storage.put("k", [b"0123456789"])
    wanted = b"0123456789"[start:None if length is None else start + length]
    with storage.open("k", start, length) as stream:
        assert stream.info.size == 10
        assert stream.length == len(wanted)
        assert b"".join(stream) == wanted
        assert stream.read() == b""


def test_ranges_of_an_empty_object(storage: Storage) -> None:
    storage.put("k", [])
    for start, length in ((0, None), (0, 5), (3, None), (0, 0)):
        with storage.open("k", start, length) as stream:
            assert (stream.info.size, stream.read()) == (0, b"")
    with pytest.raises(ValueError, match="start"):
        storage.open("k", -1)


def test_a_stream_reads_in_steps(storage: Storage) -> None:
    storage.put("k", [b"0123456789"])
    with storage.open("k", 2, 6) as stream:
        assert [stream.read(4), stream.read(0), stream.read(4), stream.read(4)] == [b"2345", b"", b"67", b""]


def test_a_stream_can_be_left_early(storage: Storage) -> None:
    storage.put("k", pieces(4 * MB))
    for _ in range(50):
        with storage.open("k") as stream:
            assert len(stream.read(10)) == 10
    assert len(content(storage, "k")) == 4 * MB


def test_what_does_not_exist(storage: Storage) -> None:
    storage.put("a/b", [b"x"])
    for key in ("nothing", "a", "a/c", "a/b/c"):
        assert not storage.exists(key)
        for ask in (storage.stat, storage.open, lambda key: storage.copy(key, "target")):
            with pytest.raises(ObjectNotFound) as caught:
                ask(key)
            assert caught.value.key == key
        with pytest.raises(ObjectNotFound), storage.as_file(key):
            pytest.fail("there is no such file")
    assert storage.exists("a/b")
    assert keys(storage) == {"a/b"}


def test_delete(storage: Storage) -> None:
    names = [f"a/{number % 7}/{number}" for number in range(30)]
    for name in names:
        storage.put(name, [b"x"])
    storage.put("a/keep", [b"x"])
    storage.delete(iter([*names, "never/existed", names[0]]))
    assert keys(storage) == {"a/keep"}
    storage.delete(["a/keep"])
    storage.delete([])
    assert keys(storage) == set()
    # The folders above went too, and come back.
    storage.put("a/1/again", [b"x"])
    assert keys(storage) == {"a/1/again"}


def test_delete_more_than_one_batch(storage: Storage) -> None:
    storage.put("last", [b"x"])
    storage.delete([*(f"missing/{number}" for number in range(2100)), "last"])
    assert keys(storage) == set()


def test_list_by_prefix(storage: Storage) -> None:
    names = {"originals/ab/1/x.jpg", "originals/ab/2/y z.jpg", "originals/abc/1/ü.jpg", "originals/b", "other",
             "origin"}
    for name in names:
        storage.put(name, [name.encode()])
    assert keys(storage) == names
    for prefix in ("originals/ab/", "originals/ab", "originals/", "orig", "o", "originals/abc/1/", "nothing",
                   "originals/b", "originals/ab/2/y ", "originals/missing/", "originals/ab/1/x.jpg/"):
        assert keys(storage, prefix) == {name for name in names if name.startswith(prefix)}, prefix
    assert {info.size for info in storage.list("originals/abc")} == {len("originals/abc/1/ü.jpg".encode())}


def test_list_more_than_one_page(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: storage.put(f"many/{number:04}", [b"x"]), range(1050)))
    assert len(keys(storage, "many/")) == 1050


def test_copy(storage: Storage) -> None:
    storage.put("a/source", pieces(2 * PART))
    storage.copy("a/source", "b/target")
    storage.copy("a/source", "a/source")
    storage.delete(["a/source"])
    assert content(storage, "b/target") == b"".join(pieces(2 * PART))
    assert keys(storage) == {"b/target"}


def test_as_file(storage: Storage) -> None:
    storage.put("a/photo.JPG", [b"bytes"])
    with storage.as_file("a/photo.JPG") as path:
        assert path.read_bytes() == b"bytes"
        assert path.suffix == ".JPG"
    assert path.exists() == (storage.local_path("a/photo.JPG") is not None)


HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..", ".", "", " ", ".htaccess", "a/b\\c.jpg", "C:\\photo.jpg", "nul\x00l.jpg",
    "new\nline\r.jpg", "tab\t.jpg", "sur\udcffrogate.jpg", "\ufffe.jpg", "ü ö.jpg", "日本語の写真.heic", "🏝️ beach 👨‍👩‍👧.jpg",
    "a" * 400 + ".jpg", "日" * 200 + ".jpg", "x." + "y" * 300, "100%.jpg", "a+b&c=d;e,f?g#h.jpg", "\"quotes\" 'too'.jpg",
    "trailing. ", "<script>.svg", "tmp", "a\u202egpj.exe", "\u0627\u0644\u0635\u0648\u0631\u0629.jpg", "$(rm -rf).jpg",
    "*",
]


def test_hostile_file_names(storage: Storage) -> None:
    names = {f"originals/u/{number}/{safe_segment(name)}": str(number).encode() for number, name in enumerate(HOSTILE)}
    for name, data in names.items():
        storage.put(name, [data])
    assert keys(storage) == set(names)
    for name, data in names.items():
        assert content(storage, name) == data
        with storage.as_file(name) as path:
            assert path.read_bytes() == data
    storage.delete(names)
    assert keys(storage) == set()


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "a/../b", "..", "a/./b", "a\\b", "a\0b", "a\nb",
                                 "a" * 256, "a/" * 512 + "a", "\udcff", "tmp", "tmp/x"])
def test_illegal_keys(storage: Storage, key: str) -> None:
    url = {"expires": timedelta(hours=1), "content_type": "image/jpeg", "disposition": "inline"}
    for ask in (storage.open, storage.stat, storage.exists, storage.local_path, lambda key: storage.put(key, [b"x"]),
                lambda key: storage.delete([key]), lambda key: storage.copy(key, "b"),
                lambda key: storage.copy("b", key), lambda key: storage.as_file(key).__enter__(),
                lambda key: storage.presigned_url(key, **url)):
        with pytest.raises(ValueError, match="storage key"):
            ask(key)


def test_concurrent_puts(storage: Storage) -> None:
    versions = [bytes([number]) * (PART + number) for number in range(6)]

    def work(number: int) -> None:
        storage.put(f"each/{number}/file", [versions[number]])
        storage.put("shared/file", [bytes([number]) * 100_000])
        storage.delete([f"each/{number}/file"])
        storage.put(f"each/{number}/file", [versions[number]])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    for number, version in enumerate(versions):
        assert content(storage, f"each/{number}/file") == version
    # Whose it is does not matter; that it is one of them, whole, does.
    assert content(storage, "shared/file") in [bytes([number]) * 100_000 for number in range(6)]


def test_check_leaves_nothing(storage: Storage, leftovers: Callable) -> None:
    storage.check()
    storage.check()
    assert keys(storage) == set()
    assert leftovers() == []


def test_what_is_gone_cannot_be_reached(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is not mounted any more, a server that does not answer."""
    storage.check()
    storage.reach()
    assert keys(storage) == set()
    if storage.local_path("x"):
        shutil.rmtree(storage.root)
        with pytest.raises(StorageUnavailable):
            storage.reach()
        # Nor when the bare mount point is there.
        storage.root.mkdir()
    else:
        away = Minio("127.0.0.1:9", "x", "x", secure=False, region="us-east-1",
                     http_client=urllib3.PoolManager(retries=False))
        monkeypatch.setattr(storage, "_client", (os.getpid(), away))
    with pytest.raises(StorageUnavailable):
        storage.reach()


def test_free_space_and_sweep(storage: Storage) -> None:
    usage = storage.free_space()
    assert (usage is None) == (storage.local_path("x") is None)
    if usage:
        assert usage.total >= usage.used + usage.free > 0
        assert min(usage.used, usage.free) >= 0
    assert storage.sweep(timedelta(0)) == 0
