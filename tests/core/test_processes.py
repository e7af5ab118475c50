"""The supervisor of a process tree."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from immich_flask.infra.processes import Supervisor
from tests.core.programs import children_of, forked, is_running, status_of, wait_until


def forever() -> None:
    time.sleep(60)


def test_a_child_that_cannot_be_kept_ends_everything(tmp_path: Path) -> None:
    def fail() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")
        raise ValueError("no good")

    with forked(Supervisor({"good": forever, "bad": fail}).run, tmp_path / "log") as pid:
        good = wait_until(lambda: children_of(pid), "children")[0]
        assert status_of(pid) == 1
        assert not is_running(good)
    assert (tmp_path / "starts").read_text() == "xxxxx"
    log = (tmp_path / "log").read_text()
    assert "ValueError: no good" in log
    assert "bad failed with status 1 for the 5. time in a row: giving up" in log


def test_a_child_that_is_killed_again_and_again_is_not_given_up(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immich_flask.infra.processes.LONGEST_PAUSE", 0.01)

    def die() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)

    with forked(Supervisor({"good": forever, "bad": die}).run, tmp_path / "log") as pid:
        good = wait_until(lambda: children_of(pid), "children")[0]
        wait_until(lambda: (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) > 6, "seven")
        assert is_running(good)
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0


def test_a_child_that_wants_to_begin_afresh_does_so_at_once(tmp_path: Path) -> None:
    def once() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")

    with forked(Supervisor({"short": once}).run, tmp_path / "log") as pid:
        wait_until(lambda: (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) > 10, "eleven")
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
    assert (tmp_path / "log").read_text() == ""


def test_a_child_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immich_flask.infra.processes.GRACE_SECONDS", 0.3)

    def deaf() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / "deaf").touch()
        forever()

    with forked(Supervisor({"deaf": deaf}).run, tmp_path / "log") as pid:
        wait_until((tmp_path / "deaf").exists, "the child")
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
    assert "killed: deaf" in (tmp_path / "log").read_text()


def test_a_child_that_ends_together_with_everything_is_not_waited_for(tmp_path: Path) -> None:
    with forked(Supervisor({"child": forever}).run, tmp_path / "log") as pid:
        child, = wait_until(lambda: children_of(pid), "the child")
        begun_at = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        assert status_of(pid) == 0
        assert time.monotonic() - begun_at < 10


def test_who_interrupts_twice_means_it(tmp_path: Path) -> None:
    def deaf() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / "deaf").touch()
        forever()

    with forked(Supervisor({"deaf": deaf}).run, tmp_path / "log") as pid:
        wait_until((tmp_path / "deaf").exists, "the child")
        os.kill(pid, signal.SIGINT)
        time.sleep(0.3)
        assert is_running(pid)
        os.kill(pid, signal.SIGINT)
        assert status_of(pid) == 0
