"""The thread that reads the outbox for the clients of this process. It runs only while there are any."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

from flask import Flask

from immich_flask.contracts.plugin import LiveEvent
from immich_flask.core.runtime import runtime_of
from plugins.realtime import outbox
from plugins.realtime.callers import gone
from plugins.realtime.hub import Delivery, Hub
from plugins.realtime.news import News, news
from plugins.realtime.outbox import Message

log = logging.getLogger(__name__)

LINGER_SECONDS = 30.0
"""How long the thread goes on when the last client is gone: clients reconnect."""

CHECK_SECONDS = 60.0
"""How often is asked whether those connected still may be."""

PORTION = 100
"""Messages made of one row that are sent at a time; a change of thousands of assets makes thousands."""

START_SECONDS = 10.0


class Reader:
    """`ensure` it runs before a client is let in: what happens from then on reaches him."""

    def __init__(self, app: Flask, hub: Hub) -> None:
        self._app, self._hub = app, hub
        self._live: dict[str, LiveEvent] = {outbox.kind_of(live): live for live in runtime_of(app).plugins.live_events}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._wanted_at = 0.0

    def ensure(self) -> bool:
        """Have it run; False when it cannot now, as the database is away."""
        with self._lock:
            self._wanted_at = time.monotonic()
            if self._thread is None:
                self._ready.clear()
                self._thread = threading.Thread(target=self._run, name="realtime-reader", daemon=True)
                self._thread.start()
        return self._ready.wait(START_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                with self._app.app_context(), news() as found:
                    self._ready.set()
                    self._read(found)
                    return
            except Exception as error:
                # What happens meanwhile is lost. Those who connect from now on wait until it works again.
                self._ready.clear()
                log.warning("live events are not read now: %r", error, exc_info=log.isEnabledFor(logging.DEBUG))
                time.sleep(1)
                if self._may_end():
                    return

    def _read(self, found: News) -> None:
        checked_at = time.monotonic()
        while not self._may_end():
            for message in found.wait():
                self._hand_over(message)
            if time.monotonic() - checked_at > CHECK_SECONDS:
                checked_at = time.monotonic()
                self._hub.deliver([Delivery([room], ends="session" if is_session else "access")
                                   for room, is_session in gone(self._hub.callers())])

    def _may_end(self) -> bool:
        with self._lock:
            if self._hub.callers() or time.monotonic() - self._wanted_at < LINGER_SECONDS:
                return False
            self._thread = None
            return True

    def _hand_over(self, message: Message) -> None:
        try:
            portion: list[Delivery] = []
            for delivery in self._deliveries(message):
                portion.append(delivery)
                if len(portion) == PORTION:
                    self._hub.deliver(portion)
                    portion = []
            self._hub.deliver(portion)
        except Exception:
            log.exception("the live message %s (%s) cannot be told", message.id, message.kind)

    def _deliveries(self, message: Message) -> Iterator[Delivery]:
        rooms = self._hub.among(message.rooms)
        if not rooms:
            return
        if message.kind == outbox.END_SESSIONS:
            yield from (Delivery([room], ends="session") for room in rooms)
        elif message.kind == outbox.LEAVE:
            yield Delivery(rooms, ends="access")
        elif live := self._live.get(message.kind):
            for arguments in live.expand(*message.arguments) if live.expand else [message.arguments]:
                yield Delivery(rooms, live.name, tuple(arguments))
