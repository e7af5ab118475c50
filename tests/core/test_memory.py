"""Memory goes back to the system when a process has nothing to do."""

from __future__ import annotations

import platform
import subprocess
import sys

import psutil
import pytest

from immich_flask.infra import memory
from immich_flask.testing import Caller, Server


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> memory.Slack:
    monkeypatch.setattr(memory, "IDLE_SECONDS", 0.0)
    return memory.Slack()


def resident() -> float:
    return psutil.Process().memory_info().rss / 1e6


def burst() -> list[bytes]:
    """Takes 100 MB and lets go of them, but for two pieces that it returns: one in the middle, and one behind them all.
    By itself only the end of the heap shrinks."""
    taken = [bytes(5000) for _ in range(20_000)]
    return [taken[10_000], bytes(5000)]


def test_it_is_given_back_once_after_each_burst(server: Server, slack: memory.Slack) -> None:
    assert not slack.give_back()
    for _ in range(2):
        slack.used()
        slack.used()
        assert slack.give_back()
        assert not slack.give_back()


def test_not_while_there_is_something_to_do(server: Server) -> None:
    slack = memory.Slack()
    slack.used()
    assert not slack.give_back()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves")
def test_what_a_burst_took_is_back(server: Server, slack: memory.Slack) -> None:
    # Else the burst takes what other tests have left.
    slack.used()
    slack.give_back()
    before = resident()
    kept = burst()
    assert resident() > before + 50
    slack.used()
    slack.give_back()
    assert resident() < before + 30, kept[0][:1]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves")
def test_much_is_given_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MUCH", 64_000_000)
    memory._trim()
    slack = memory.Slack()
    assert not slack.give_back_much()
    before = resident()
    kept = burst()
    assert slack.give_back_much()
    assert resident() < before + 30, kept[0][:1]
    assert not slack.give_back_much()


def test_requests_go_on_afterwards(user: Caller, slack: memory.Slack) -> None:
    assert user.get("/users/me").status_code == 200
    slack.used()
    assert slack.give_back()
    assert user.get("/users/me").status_code == 200


_ONE_PICTURE_AFTER_ANOTHER = """
import resource, sys
from immich_flask.infra.memory import keep_for_the_next
if sys.argv[1:]:
    keep_for_the_next()
def work():
    pieces = [bytearray(9_000_000), bytearray(8_000_000), bytearray(3_000_000)]
    for piece in pieces:
        piece[::4096] = b"x" * len(piece[::4096])
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they like")
def test_the_next_picture_finds_the_memory_of_the_last() -> None:
    faults = [int(subprocess.run([sys.executable, "-c", _ONE_PICTURE_AFTER_ANOTHER, *kept], capture_output=True,
                                 text=True, check=True).stdout) for kept in ((), ("keep",))]
    assert faults[1] < 1000 < faults[0]
