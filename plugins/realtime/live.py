"""What a web process needs for its clients, made when the first one comes: most of the memory is for what is imported
then."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Flask

from immich_flask.core.runtime import runtime_of

if TYPE_CHECKING:
    from plugins.realtime.callers import Caller
    from plugins.realtime.hub import Hub
    from plugins.realtime.reader import Reader

EXTENSION = "realtime"


class Live:
    """One per app and process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._made: tuple[Hub, Reader] | None = None

    def admit(self, headers: Mapping[str, str],
              caller: Caller | None) -> Callable[[socket.socket], None] | None:
        """What to do with the connection of a request that asks for a WebSocket; None when it cannot be served now.

        caller: None for one who is to be told that he may not listen. Raises ValueError when the headers are wrong.
        """
        from plugins.realtime.carrier import handshake

        connection = handshake(headers)
        hub, reader = self._hub_and_reader()
        if hub.is_full or (caller is not None and not reader.ensure()):
            return None
        return lambda taken: hub.take(taken, connection, caller)

    def _hub_and_reader(self) -> tuple[Hub, Reader]:
        with self._lock:
            if self._made is None:
                from plugins.realtime.hub import Hub
                from plugins.realtime.reader import Reader

                hub = Hub(self._most())
                self._made = hub, Reader(self._app, hub)
            return self._made

    def _most(self) -> int:
        """Half of the descriptors that a process may have stay for everything else."""
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return min(runtime_of(self._app).plugins.settings["realtime"]["max_clients"], descriptors // 2)


def live_of(app: Flask) -> Live:
    return app.extensions[EXTENSION]
