"""Turns with pictures that need much memory, between real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from PIL import Image

from plugins.media import decoders, large
from tests.core.programs import wait_until
from tests.plugins.media.files import encoded, written

FORK = multiprocessing.get_context("fork")


class Other:
    """Another process that opens a large picture, and keeps at it until it is told to end."""

    def __init__(self, places: int) -> None:
        self._here, there = FORK.Pipe()
        self._process = FORK.Process(target=self._work, args=(there, places), daemon=True)
        self._process.start()

    @staticmethod
    def _work(there: Connection, places: int) -> None:
        with large.turns(places):
            large.expect(large.MUCH)
            there.send("at it")
            there.recv()

    @property
    def waits(self) -> bool:
        """Whether it stands in the system's list of those who wait for a lock."""
        return any(f" -> POSIX  ADVISORY  WRITE {self._process.pid} " in f" {line.split(':', 1)[1]}"
                   for line in Path("/proc/locks").read_text().splitlines())

    @property
    def is_at_it(self) -> bool:
        return self._here.poll(0.001)

    def end(self, *, killed: bool = False) -> None:
        if killed:
            os.kill(self._process.pid, signal.SIGKILL)
        else:
            self._here.send("end")
        self._process.join()


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Other]]:
    """As if no other program of this account were at it."""
    monkeypatch.setattr(large.tempfile, "tempdir", str(tmp_path))
    large._file.cache_clear()
    yield Other
    os.close(large._file())
    large._file.cache_clear()


TELLS_WHO_WAITS = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the system does not say who waits")


@TELLS_WHO_WAITS
@pytest.mark.parametrize("killed", [False, True])
def test_one_after_the_other(other: Callable[..., Other], killed: bool) -> None:
    first = other(1)
    wait_until(lambda: first.is_at_it, "the first")
    second = other(1)
    wait_until(lambda: second.waits, "the second to wait")
    assert not second.is_at_it
    first.end(killed=killed)
    wait_until(lambda: second.is_at_it, "the second")
    second.end()


@TELLS_WHO_WAITS
def test_as_many_as_the_operator_says(other: Callable[..., Other]) -> None:
    some = [other(2) for _ in range(2)]
    wait_until(lambda: all(process.is_at_it for process in some), "both")
    third = other(2)
    wait_until(lambda: third.waits, "the third to wait")
    for process in some:
        process.end()
    wait_until(lambda: third.is_at_it, "the third")
    third.end()


def test_small_ones_wait_for_nobody(other: Callable[..., Other]) -> None:
    first = other(1)
    wait_until(lambda: first.is_at_it, "the first")
    with large.turns(1):
        large.expect(large.MUCH - 1)
    large.expect(large.MUCH)  # nor does a process that takes no turns
    first.end()


@pytest.mark.parametrize(("format", "options", "much"), [
    ("JPEG", {}, 0), ("JPEG", {"progressive": True, "subsampling": "4:2:0"}, 3), ("PNG", {}, 4),
    ("JPEG", {"progressive": True, "subsampling": "4:4:4"}, 6), ("WEBP", {}, 8),
])
def test_what_a_picture_is_expected_to_need(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, options: dict, much: int) -> None:
    expected: list[int] = []
    monkeypatch.setattr(large, "expect", expected.append)
    decoders.decode(written(tmp_path, "a", encoded(Image.new("RGB", (64, 48)), format, **options)))
    assert expected == [64 * 48 * much]


def test_a_file_that_is_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(large.tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"immich-flask-{os.getuid()}.turns").symlink_to(tmp_path / "elsewhere")
    large._file.cache_clear()
    with large.turns(1):
        large.expect(large.MUCH)
    assert "do not take turns" in caplog.text and not (tmp_path / "elsewhere").exists()
    os.close(large._file())
    large._file.cache_clear()
