"""What only a folder does: permissions, unfinished files, full disks, helpful refusals."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from immich_flask.infra.storage.base import StorageError, StorageFull, StorageUnavailable
from immich_flask.infra.storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "deep" / "photos")


def test_nobody_else_may_read(storage: LocalStorage) -> None:
    storage.put("a/b/c", [b"x"])
    path = Path(storage.local_path("a/b/c"))
    assert path == storage.root / "a/b/c"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for directory in (path.parent, path.parent.parent, storage.root, storage.root / "tmp"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_empty_directories_go(storage: LocalStorage) -> None:
    storage.put("a/b/1/c", [b"x"])
    storage.put("a/2/c", [b"x"])
    storage.delete(["a/b/1/c", "a/2/c/below"])
    assert sorted(path.relative_to(storage.root).as_posix() for path in storage.root.rglob("*")) == [
        "a", "a/2", "a/2/c", "tmp"]
    storage.delete(["a/2/c"])
    assert [path.name for path in storage.root.iterdir()] == ["tmp"]


def test_a_key_below_another_is_refused(storage: LocalStorage) -> None:
    storage.put("a/b", [b"x"])
    for key in ("a/b/c", "a"):
        with pytest.raises(StorageError):
            storage.put(key, [b"y"])
    assert [info.key for info in storage.list()] == ["a/b"]
    assert list((storage.root / "tmp").iterdir()) == []


def test_foreign_files_are_no_objects(storage: LocalStorage) -> None:
    storage.put("a/b", [b"x"])
    os.mkfifo(storage.root / "a" / "pipe")
    (storage.root / "a" / "dangling").symlink_to("nowhere")
    (Path(os.fsdecode(os.fsencode(storage.root) + b"/a/\xff.jpg"))).write_bytes(b"x")
    assert [info.key for info in storage.list()] == ["a/b"]
    assert not storage.exists("a/pipe")
    assert not storage.exists("a/dangling")


def test_sweep_takes_only_what_is_old(storage: LocalStorage) -> None:
    storage.check()
    old, new = storage.root / "tmp" / "old", storage.root / "tmp" / "new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    assert storage.sweep(timedelta(hours=1)) == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_a_killed_upload_shows_nothing_and_can_be_swept(storage: LocalStorage) -> None:
    script = """if True:
        import sys, time
        from immich_flask.infra.storage.local import LocalStorage
        def chunks():
            yield b"x" * 1_000_000
            print("written", flush=True)
            time.sleep(60)
        LocalStorage(sys.argv[1]).put("a/b", chunks())
    """
    process = subprocess.Popen([sys.executable, "-c", script, str(storage.root)], stdout=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert list(storage.list()) == []
    assert storage.sweep(timedelta(hours=1)) == 0
    assert storage.sweep(timedelta(0)) == 1
    assert list((storage.root / "tmp").iterdir()) == []


def test_no_space_left(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real full device: what the kernel says is what matters."""
    storage.check()
    with open("/dev/full", "wb", buffering=0) as full, monkeypatch.context() as patch:
        patch.setattr("immich_flask.infra.storage.local._write", lambda file, chunk: full.write(chunk))
        with pytest.raises(StorageFull):
            storage.put("a", [b"x"])
        with pytest.raises(StorageFull, match=r"no space left in .*storage\.path"):
            storage.check()
    assert list(storage.root.rglob("*")) == [storage.root / "tmp"]


def test_a_write_that_is_cut_short(storage: LocalStorage) -> None:
    """The kernel may take less than it was given; here because of a limit on the size of files."""
    script = """if True:
        import resource, signal, sys
        from immich_flask.infra.storage.base import StorageError
        from immich_flask.infra.storage.local import LocalStorage
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            LocalStorage(sys.argv[1]).put("a", [b"x" * 999, b"y" * 5])
        except StorageError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", script, str(storage.root)], capture_output=True, text=True, check=True)
    assert os.strerror(errno.EFBIG) in done.stdout
    assert list(storage.list()) == []
    assert list((storage.root / "tmp").iterdir()) == []


def test_no_descriptor_stays_open(storage: LocalStorage) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    storage.put("a", [b"x" * 100])
    before = descriptors()
    for _ in range(20):
        storage.put("a", [b"x" * 100])
        with storage.open("a") as stream:
            stream.read(1)
        for key in ("missing", "a/b", "tm"):
            assert not storage.exists(key)
            with pytest.raises(StorageError):
                storage.open(key)
        list(storage.list())
        storage.delete(["a"])
    assert descriptors() == before


def test_check_says_what_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot write to the folder .*file.* change its owner or storage\.path"):
        LocalStorage(tmp_path / "file").check()
    with pytest.raises(StorageError, match="/proc/nowhere"):
        LocalStorage(Path("/proc/nowhere")).check()
    LocalStorage(tmp_path / "new" / "folder").check()


def test_check_without_permission() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            # Root may write anywhere.
            if os.geteuid() == 0:
                os.setuid(65534)
            try:
                LocalStorage(Path(folder)).check()
            except StorageError as error:
                os.write(writing, str(error).encode())
            os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            message = pipe.read()
    assert message == (f"user {os.geteuid() or 65534} cannot write to the folder {folder} (Permission denied): "
                       "change its owner or storage.path")


def test_many_uploads_of_one_directory_race_with_its_removal(storage: LocalStorage) -> None:
    """Deleting the last file removes the directory, just where another upload is about to appear."""
    stop = threading.Event()
    failures: list[Exception] = []

    def work(name: str) -> None:
        while not stop.is_set():
            try:
                storage.put(f"a/b/c/{name}", [b"x"])
                assert storage.exists(f"a/b/c/{name}")
                storage.delete([f"a/b/c/{name}"])
            except Exception as error:
                failures.append(error)
                stop.set()

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    stop.wait(1)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_limits_are_those_of_the_file_system(storage: LocalStorage) -> None:
    """A segment of 255 bytes, and a path near the limit of a key."""
    longest = "/".join(["s" * 255] * 4)
    storage.put(longest, [b"x"])
    assert [info.key for info in storage.list("s" * 255 + "/")] == [longest]


def test_a_disk_that_is_not_mounted_any_more_is_not_an_empty_one(tmp_path: Path) -> None:
    root = tmp_path / "mount point"
    storage = LocalStorage(root)
    storage.put("a/b", [b"there"])
    root.rename(tmp_path / "disk")
    root.mkdir()
    for ask in (lambda: storage.open("a/b"), lambda: storage.stat("a/b"), lambda: storage.exists("a/b"),
                lambda: LocalStorage(root).put("a/c", [b"lost"]), storage.reach):
        with pytest.raises(StorageUnavailable):
            ask()
    assert list(root.iterdir()) == []
    root.rmdir()
    (tmp_path / "disk").rename(root)
    with storage.open("a/b") as stream:
        assert stream.read() == b"there"
    assert not storage.exists("a/c")
