"""The socket of a connection to a client: it asks the system for no more than it needs, and tells of threads that wait.

Sockets of Python that have a timeout ask the system before each read and write whether they may. This one tries, and
asks only when it could not: an answer takes one call instead of four.
"""

from __future__ import annotations

import os
import select
import socket
from typing import Any

from immich_flask.infra.http.threads import Threads

SILENCE_SECONDS = 120.0
"""How long a client may neither send nor take a byte in the middle of a request."""

_COPIED = 128 * 1024
"""Bytes up to which head and body are put together to be sent at once. Copying more takes longer than another call."""


class ClientSocket(socket.socket):
    """A connected socket that never blocks by itself. `recv`, `recv_into`, `sendall`, `send_parts` and `sendfile` wait for
    the client, at most `gettimeout()` seconds each time, and raise TimeoutError after that."""

    _threads: Threads
    _patience: float | None = None
    _held: bytes = b""

    @classmethod
    def of(cls, sock: socket.socket, threads: Threads) -> ClientSocket:
        """Takes the connection over."""
        own = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        socket.socket.settimeout(own, 0.0)
        own._threads = threads
        return own

    def settimeout(self, value: float | None) -> None:
        self._patience = value

    def setblocking(self, flag: bool) -> None:
        self._patience = None if flag else 0.0

    def gettimeout(self) -> float | None:
        return self._patience

    def recv_now(self, size: int) -> bytes:
        """What has come, without waiting. BlockingIOError: nothing yet."""
        return super().recv(size)

    def has_news(self) -> bool:
        """Whether something has come that nobody has read yet."""
        try:
            return bool(super().recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def recv(self, size: int, flags: int = 0) -> bytes:
        while True:
            try:
                return super().recv(size, flags)
            except BlockingIOError:
                self._wait(select.POLLIN)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        while True:
            try:
                return super().recv_into(buffer, nbytes, flags)
            except BlockingIOError:
                self._wait(select.POLLIN)

    def hold(self, data: bytes) -> None:
        """Send this together with what comes next."""
        self._held += data

    def flush(self) -> None:
        """Send what is held, as nothing else will come."""
        if self._held:
            self.sendall(b"")

    def sendall(self, data: Any, flags: int = 0) -> None:
        held, self._held = self._held, b""
        if held and len(data) <= _COPIED:
            data = held + data
        elif held:
            self._send_all(held, socket.MSG_MORE)
        self._send_all(data, flags)

    def send_parts(self, *parts: bytes) -> None:
        """Send them one after the other, in one call to the system and without a copy when there is room."""
        held, self._held = self._held, b""
        try:
            sent = self.sendmsg((held, *parts))
        except BlockingIOError:
            sent = 0
        if sent < len(held) + sum(map(len, parts)):
            self._send_all(memoryview(held + b"".join(parts))[sent:])

    def _send_all(self, data: Any, flags: int = 0) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self.send(left, flags):]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Sends inside the kernel, from `offset`; `count` bytes, or all there are. Returns how many that were."""
        held, self._held = self._held, b""
        if held:
            self._send_all(held, socket.MSG_MORE)
        begin, source = offset, file.fileno()
        while count is None or offset < begin + count:
            try:
                sent = os.sendfile(self.fileno(), source, offset, 2**30 if count is None else begin + count - offset)
            except BlockingIOError:
                self._wait(select.POLLOUT)
                continue
            if not sent:
                break
            offset += sent
        return offset - begin

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self, event)
        with self._threads:
            if not poll.poll(None if self._patience is None else self._patience * 1000):
                raise TimeoutError("the client is silent")
