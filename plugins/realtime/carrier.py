"""One WebSocket: the connection below, the `receive` and `send` of ASGI above, as python-socketio wants them.

Nothing grows without end. A client that sends faster than it is listened to is not read from; one that does not take
what it is sent is cut off. Compression is not offered, as by upstream: it would cost each connection 300 kB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

LARGEST_MESSAGE = 1_000_000
"""Bytes that a client may send at a time; official ones send a few."""

FULL = 512 * 1024
"""Bytes that wait to be sent from which on whoever sends should pause."""

OVERFULL = 4 * 1024 * 1024
"""Bytes that wait to be sent at which the connection is cut off."""

MOST_UNREAD = 16
"""Messages from the client that wait to be handled."""

CLOSE_SECONDS = 2.0
"""How long the client may take to answer a close."""

_TOO_LARGE = 1009


HANDSHAKE = ("Host", "Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key")
"""The headers that matter for it."""


def handshake(headers: Mapping[str, str]) -> WSConnection:
    """The server's side of a WebSocket, from the headers of the request. ValueError when they don't ask for one."""
    connection = WSConnection(ConnectionType.SERVER)
    given = [(name.lower().encode(), headers[name].encode("latin-1")) for name in HANDSHAKE if name in headers]
    try:
        connection.initiate_upgrade_connection(given, "/")
        next(connection.events())
    except (LocalProtocolError, RemoteProtocolError, h11.ProtocolError, StopIteration) as error:
        raise ValueError(str(error) or "no WebSocket handshake") from error
    return connection


class Carrier(asyncio.Protocol):
    """`await carrier.receive()`, `await carrier.send(message)`; lives in the event loop's thread."""

    def __init__(self, socket: WSConnection) -> None:
        self._socket = socket
        self._transport: asyncio.Transport | None = None
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._parts: list[Any] = []
        self._size = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._end: asyncio.TimerHandle | None = None

    # --- below

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=FULL)

    def pause_writing(self) -> None:
        self._has_room.clear()

    def resume_writing(self) -> None:
        self._has_room.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._socket.receive_data(data)
            for event in self._socket.events():
                self._take(event)
        except (LocalProtocolError, RemoteProtocolError):
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._has_room.set()
        if self._end:
            self._end.cancel()
        self._incoming.put_nowait({"type": "websocket.disconnect"})

    def _take(self, event: Any) -> None:
        if isinstance(event, (TextMessage, BytesMessage)):
            self._parts.append(event.data)
            self._size += len(event.data)
            if self._size > LARGEST_MESSAGE:
                self.close(_TOO_LARGE)
            elif event.message_finished:
                kind = "text" if isinstance(event, TextMessage) else "bytes"
                whole = ("" if kind == "text" else b"").join(self._parts)
                self._parts, self._size = [], 0
                self._incoming.put_nowait({"type": "websocket.receive", kind: whole})
                if self._incoming.qsize() >= MOST_UNREAD:
                    self._transport.pause_reading()
        elif isinstance(event, Ping):
            self._write(self._socket.send(event.response()))
        elif isinstance(event, CloseConnection):
            if self._socket.state is ConnectionState.REMOTE_CLOSING:
                self._write(self._socket.send(event.response()))
            self._transport.close()

    # --- above

    async def receive(self) -> dict[str, Any]:
        message = await self._incoming.get()
        if self._incoming.qsize() < MOST_UNREAD and not self._transport.is_closing():
            self._transport.resume_reading()
        return message

    async def send(self, message: dict[str, Any]) -> None:
        """Never waits: see `has_room`. OSError when the connection is gone."""
        kind = message["type"]
        if kind == "websocket.accept":
            self._write(self._socket.send(AcceptConnection()))
        elif kind == "websocket.close":
            self.close()
        elif self._socket.state is ConnectionState.OPEN and not self._transport.is_closing():
            data = message.get("text")
            self._write(self._socket.send(Message(data=message["bytes"] if data is None else data)))
        else:
            raise OSError("the connection is closed")

    async def has_room(self, seconds: float) -> bool:
        """Wait until it takes more; False when it does not in time."""
        try:
            await asyncio.wait_for(self._has_room.wait(), seconds)
        except TimeoutError:
            return False
        return True

    @property
    def is_full(self) -> bool:
        return not self._has_room.is_set()

    def close(self, code: int = 1000) -> None:
        """Say that it is over. Who does not answer is cut off."""
        if self._socket.state is ConnectionState.OPEN and not self._transport.is_closing():
            self._write(self._socket.send(CloseConnection(code)))
            self._end = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.abort)
        elif self._end is None:
            self.abort()

    def abort(self) -> None:
        """Cut it off."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > OVERFULL:
            self.abort()
