"""Wake-ups for job workers, carried by Huey: SQLite in a file of its own, PostgreSQL or Redis.

What is to be done stands in the table `job`, and is queued, rolled back and counted there. A message says no more than
which queue has work, so one per queue is enough: ten thousand uploads leave one message, queues take turns, and a lost
message delays work until the next look at the table but never loses it. That is why only Huey's storages are used, not
its tasks: a task's message is a pickle with an id of its own, which can neither be compared nor be read by everyone
who may write to a shared Redis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, Protocol

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import Config, is_postgres

IMMEDIATE = "immediate:"
"""The `queue.url` of tests: jobs run in the process that queued them, right after the commit."""

NAME = "immich"

POLL_SECONDS = 0.1
"""How often an idle worker looks into a SQLite queue; the others wait for a signal."""


class WakeUps(Protocol):
    """How those who queue jobs reach those who run them."""

    def wake(self, queue: str) -> None:
        """Say that `queue` has work. Cheap to repeat."""

    def close(self) -> None:
        """Give up the connections of this process; the next call opens new ones."""


class HueyWakeUps:
    """Wake-ups through one of Huey's storages, opened when first used: connections must not be shared by a fork."""

    def __init__(self, open_storage: Callable[[], Any]) -> None:
        self._open, self._lock, self._opened = open_storage, threading.Lock(), None

    def wake(self, queue: str) -> None:
        message = queue.encode()
        # A message that is still there is read after now, and whoever reads it looks at the table then.
        if message not in self._storage.enqueued_items():
            self._storage.enqueue(message)

    def take(self) -> str | None:
        """The queue that has work, waiting a moment for one (up to a second); None when there was none."""
        message = self._storage.dequeue()
        if message is None and not self._storage.blocking:
            time.sleep(POLL_SECONDS)
        return bytes(message).decode() if message is not None else None

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @property
    def _storage(self) -> Any:
        if self._opened is None:
            with self._lock:
                self._opened = self._opened or self._open()
        return self._opened


def open_wakeups(config: Config) -> HueyWakeUps:
    """The transport that `queue.url` names. Nothing is opened yet. ConfigError when its client is not installed."""
    url = config.queue_url
    if url.startswith(("redis://", "rediss://")):
        if find_spec("redis") is None:
            raise ConfigError("queue.url names a Redis server: pip install redis")
        return HueyWakeUps(partial(_redis, url))
    if is_postgres(url):
        return HueyWakeUps(partial(_postgres, url))
    return HueyWakeUps(partial(_sqlite, url.removeprefix("sqlite:///"), config.database.busy_timeout_ms / 1000))


def prepare_queue(config: Config) -> None:
    """Create the transport's tables where it has any that processes which start together would create at once."""
    if is_postgres(config.queue_url):
        _postgres(config.queue_url, create_tables=True).close()


def _sqlite(path: str, timeout: float) -> Any:
    from huey.storage import CySqliteStorage

    # Without fsync: what a power cut takes from this file is found in the table of jobs.
    return CySqliteStorage(NAME, filename=path, timeout=timeout, fsync=False)


def _postgres(url: str, create_tables: bool = False) -> Any:
    from huey.storage import PostgresStorage

    return PostgresStorage(NAME, dsn=url, create_tables=create_tables, connect_timeout=5)


def _redis(url: str) -> Any:
    from huey.storage import RedisStorage

    return RedisStorage(NAME, url=url)
