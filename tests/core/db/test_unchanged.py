"""Answers that are kept until somebody writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from immich_flask.core.models import SystemMetadata
from immich_flask.core.settings import set_system_metadata, system_metadata
from immich_flask.infra import unchanged as module
from immich_flask.infra.db import atomic, connected
from immich_flask.infra.unchanged import unchanged
from immich_flask.testing import Server


@pytest.fixture
def answer(server: Server) -> Iterator[Callable[[], object]]:
    """`answer()` asks for a value of the database; `answer.computed` counts how often it was looked up."""

    def ask(key: str = "test-unchanged") -> object:
        def compute() -> object:
            ask.computed += 1
            return system_metadata(key)

        return unchanged(("test", key), compute)

    ask.computed = 0
    with server.context():
        set_system_metadata("test-unchanged", 1)
        yield ask


def elsewhere(work: Callable[[], object]) -> None:
    """Do something through a connection of its own."""

    def run() -> None:
        with connected():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def undisturbed(test: Callable[[], None]) -> None:
    """Do it while nobody else writes: PostgreSQL's snapshots also tell of its vacuum and of the databases beside."""
    for _ in range(100):
        before = module._state()
        try:
            test()
            return
        except AssertionError:
            if module._state() == before:
                raise
    pytest.fail("somebody else wrote all the time")


def test_kept_while_nobody_writes(answer: Callable) -> None:
    def ask_again_and_again() -> None:
        assert answer() == 1
        answer.computed = 0
        assert [answer(), answer(), answer()] == [1, 1, 1]
        assert answer.computed == 0

    undisturbed(ask_again_and_again)


def test_forgotten_when_this_connection_writes(answer: Callable) -> None:
    assert answer() == 1
    set_system_metadata("test-unchanged", 2)
    assert answer() == 2


def test_forgotten_when_another_connection_writes(answer: Callable) -> None:
    assert answer() == 1
    elsewhere(lambda: set_system_metadata("test-unchanged", 2))
    assert (answer(), answer.computed) == (2, 2)
    elsewhere(lambda: SystemMetadata.delete().where(SystemMetadata.key == "test-unchanged").execute())
    assert (answer(), answer.computed) == (None, 3)


def test_nothing_is_kept_of_what_was_never_committed(answer: Callable) -> None:
    assert answer() == 1
    with pytest.raises(ZeroDivisionError), atomic():
        set_system_metadata("test-unchanged", 2)
        assert answer() == 2
        raise ZeroDivisionError
    assert answer() == 1


def test_a_write_of_somebody_else_that_goes_on_is_seen_when_it_is_done(answer: Callable) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with connected(), atomic():
            set_system_metadata("test-unchanged", 2)
            begun.set()
            go_on.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    assert answer() == 1
    go_on.set()
    thread.join()
    assert answer() == 2


def test_the_oldest_are_dropped(answer: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)

    def ask_for_three() -> None:
        for key in ("a", "b", "c"):
            answer(key)
        answer.computed = 0
        answer("c")
        assert answer.computed == 0
        answer("a")
        assert answer.computed == 1

    undisturbed(ask_for_three)
