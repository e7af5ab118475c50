"""The clients of this process: one thread with an event loop, however many they are, and python-socketio in it.

Everything below `_run` happens in that thread; what is public may be called from any other.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import socketio
from wsproto import WSConnection

from immich_flask.core.server.versions import version
from immich_flask.infra.http.answers import json_bytes
from plugins.realtime.callers import Caller
from plugins.realtime.carrier import LARGEST_MESSAGE, Carrier

log = logging.getLogger(__name__)

EVERYBODY = "everybody"
"""The room of all who were let in. (python-socketio's own has also those who were refused.)"""

PING_SECONDS, PONG_SECONDS = 25, 20
"""How often a client is asked whether it is there, and how long it may take to say so; upstream's."""

HELLO_SECONDS = 20.0
"""How long a connection may take to join after it was opened."""

SLOW_SECONDS = 5.0
"""How long a client that is behind may take before it is cut off; the others wait meanwhile."""

GOODBYE_SECONDS = 0.5
"""How much later a session hears of its end: the answer to the request that ended it comes first."""

SCOPE = {
    "type": "websocket", "path": "/api/socket.io/", "query_string": b"EIO=4&transport=websocket",
    "headers": [(b"connection", b"upgrade"), (b"upgrade", b"websocket")],
}
"""The request as python-socketio needs to know it: what else stood in it was looked at before."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for all in some rooms; or what they may not do any more: `session` ends one, `access` is the user's."""

    rooms: list[str]
    name: str = ""
    arguments: tuple[Any, ...] = ()
    ends: Literal["session", "access"] | None = None


class Hub:
    """Started by the first client. `most`: how many it holds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: socketio.AsyncServer | None = None
        self._carriers: dict[Carrier, Caller | None] = {}
        self._members: dict[str, tuple[Caller, Carrier]] = {}
        self._rooms: Counter[str] = Counter({EVERYBODY: 0})
        self._tasks: set[asyncio.Task] = set()

    @property
    def is_full(self) -> bool:
        return len(self._carriers) >= self._most

    def callers(self) -> list[Caller]:
        """Who has joined."""
        return [caller for caller, _ in list(self._members.values())]

    def among(self, rooms: Iterable[str] | None) -> list[str]:
        """Those of `rooms` in which somebody is; None stands for everybody."""
        return [room for room in ([EVERYBODY] if rooms is None else rooms) if self._rooms[room]]

    def take(self, sock: socket.socket, connection: WSConnection, caller: Caller | None) -> None:
        """Go on with a connection that asked to be a WebSocket. None: a caller who is to be told that he may not."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._run, name="realtime-hub", daemon=True).start()
        self._loop.call_soon_threadsafe(self._begin, sock, connection, caller)

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Send, in order, and wait for those who are behind."""
        if deliveries and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._deliver(deliveries), self._loop).result()

    # --- in the loop

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._socketio()
        self._loop.run_forever()

    def _socketio(self) -> socketio.AsyncServer:
        # What clients get wrong is theirs to know.
        quiet = logging.getLogger(f"{__name__}.socketio")
        quiet.setLevel(logging.CRITICAL)
        server = socketio.AsyncServer(
            async_mode="asgi", transports=["websocket"], cors_allowed_origins="*", ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS, max_http_buffer_size=LARGEST_MESSAGE, allow_upgrades=False, json=_Json,
            # As upstream: who is refused joins, hears why, and is shown the door.
            always_connect=True, async_handlers=False, logger=quiet, engineio_logger=quiet)
        server.on("connect", self._joined)
        server.on("disconnect", self._left)
        return server

    def _begin(self, sock: socket.socket, connection: WSConnection, caller: Caller | None) -> None:
        carrier = Carrier(connection)
        self._carriers[carrier] = caller
        self._go(self._carry(sock, carrier))

    def _go(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, sock: socket.socket, carrier: Carrier) -> None:
        late = self._loop.call_later(HELLO_SECONDS, self._close_unless_joined, carrier)
        try:
            await self._loop.connect_accepted_socket(lambda: carrier, sock)
            await self._server.handle_request({**SCOPE, "carrier": carrier}, carrier.receive, carrier.send)
        except OSError:
            # It was gone already.
            sock.close()
        finally:
            late.cancel()
            del self._carriers[carrier]
            carrier.close()

    def _close_unless_joined(self, carrier: Carrier) -> None:
        if not any(carrier is joined for _, joined in self._members.values()):
            carrier.close()

    async def _joined(self, sid: str, environ: dict[str, Any], _auth: Any) -> None:
        carrier = environ["asgi.scope"]["carrier"]
        caller = self._carriers.get(carrier)
        if caller is None:
            await self._server.emit("error", "unauthorized", to=sid)
            await self._show_out(sid, carrier)
            return
        self._members[sid] = caller, carrier
        for room in (*caller.rooms, EVERYBODY):
            self._rooms[room] += 1
            await self._server.enter_room(sid, room)
        await self._server.emit("on_server_version", version(), to=sid)

    async def _left(self, sid: str, _reason: str) -> None:
        if member := self._members.pop(sid, None):
            for room in (*member[0].rooms, EVERYBODY):
                self._rooms[room] -= 1
                if not self._rooms[room]:
                    del self._rooms[room]

    async def _deliver(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.ends == "session":
                self._go(self._end_session(delivery.rooms))
            elif delivery.ends == "access":
                await self._end(delivery.rooms)
            else:
                await self._server.emit(delivery.name, delivery.arguments, room=delivery.rooms)
        behind = [carrier for _, carrier in self._members.values() if carrier.is_full]
        for carrier, catches_up in zip(behind, await asyncio.gather(
                *(carrier.has_room(SLOW_SECONDS) for carrier in behind)), strict=True):
            if not catches_up:
                log.info("a client that was too slow for its live events is cut off")
                carrier.abort()

    async def _end_session(self, session_ids: list[str]) -> None:
        await asyncio.sleep(GOODBYE_SECONDS)
        for session_id in session_ids:
            await self._server.emit("on_session_delete", session_id, room=session_id)
        await self._end(session_ids)

    async def _end(self, rooms: list[str]) -> None:
        for sid, (caller, carrier) in list(self._members.items()):
            if not set(rooms).isdisjoint(caller.rooms):
                await self._show_out(sid, carrier)

    async def _show_out(self, sid: str, carrier: Carrier) -> None:
        await self._server.disconnect(sid)
        # Official clients close the connection then.
        self._loop.call_later(GOODBYE_SECONDS, carrier.close)


class _Json:
    """The JSON that python-socketio shall use."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return json_bytes(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        return orjson.loads(text)
