"""How requests are read and answers leave: gunicorn's ways, with limits and fewer calls to the system."""

from __future__ import annotations

import time
from typing import Any

from gunicorn.http import message, wsgi
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader

from immich_flask.infra.http.client_socket import ClientSocket

GRACE_SECONDS = 30.0
SLOWEST = 500
"""Bytes per second that a body must bring, averaged over the time that was waited for it, after some grace."""

_READ_FROM = 128 * 1024
"""Bytes from which a file is sent inside the kernel. Less is read, and leaves together with the head."""


class Unreader(SocketUnreader):
    """Reads from the client, unless that sends a body too slowly to be serious. `known`: the last headers, as they came
    and as gunicorn understood them."""

    known: tuple[bytes, tuple[tuple[str, str], ...]] = (b"", ())

    def begin(self, data: bytes) -> None:
        """Another request, of which this much is there."""
        self._waited, self._came = 0.0, 0
        self.unread(data)

    def chunk(self, size_hint: int | None = None) -> bytes:
        began = time.monotonic()
        data = super().chunk(size_hint)
        self._count(began, len(data))
        return data

    def readinto(self, view: memoryview) -> int:
        """At least one byte, unless the client has hung up: what is there already, or what comes next."""
        if data := self.take_buffered():
            size = min(len(data), len(view))
            view[:size] = data[:size]
            self.unread(data[size:])
            return size
        began = time.monotonic()
        size = self.sock.recv_into(view)
        self._count(began, size)
        return size

    def _count(self, began: float, size: int) -> None:
        self._waited += time.monotonic() - began
        self._came += size
        if self._waited > GRACE_SECONDS and self._came < self._waited * SLOWEST:
            raise TimeoutError("the client sends too slowly")


class SizedBody(Body):
    """A body of known length, which goes straight from the socket to where it is wanted. With `read` alone each byte is
    copied half a dozen times."""

    reader: LengthReader

    def readinto(self, buffer: Any) -> int:
        """Up to as much as `buffer` takes, as soon as there is any; 0 at the end, or when the client has hung up."""
        view = memoryview(buffer)
        if self.buf.tell():
            # `readline` has read ahead.
            data = self.read(min(len(view), self.buf.tell()))
            view[:len(data)] = data
            return len(data)
        if not (wanted := min(len(view), self.reader.length)):
            return 0
        try:
            size = self.reader.unreader.readinto(view[:wanted])
        except Exception:
            self.failed = True
            raise
        self.reader.length -= size
        return size


class Request(message.Request):
    """Gunicorn's, which reads headers only when they are others than last time, as most of what a client asks for comes
    with the same: 27 µs instead of 61 for a browser's head. Whether a proxy is to be believed, `infra.http.proxy` judges."""

    unreader: Unreader

    def parse_headers(self, data: bytes, from_trailer: bool = False) -> list[tuple[str, str]]:
        known, headers = self.unreader.known
        if data == known and not from_trailer:
            return list(headers)
        headers = super().parse_headers(data, from_trailer)
        if not from_trailer and not self._expected_100_continue:
            self.unreader.known = data, tuple(headers)
        return headers

    def set_body_reader(self) -> None:
        super().set_body_reader()
        if isinstance(self.body.reader, LengthReader):
            self.body = SizedBody(self.body.reader)

    def _peer_is_trusted_proxy(self) -> bool:
        return False


class Parser(RequestParser):
    mesg_class = Request

    def __init__(self, cfg: Any, sock: ClientSocket, client: Any) -> None:
        super().__init__(cfg, sock, client)
        self.unreader = Unreader(sock)


class Response(wsgi.Response):
    """Gunicorn's, whose head leaves together with what follows: one call to the system and one packet, not two."""

    sock: ClientSocket

    def send_headers(self) -> None:
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self.sock.hold("".join(lines).encode("latin-1"))
        self.headers_sent = True

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            self.sock.send_parts(b"%X\r\n" % len(data), data, b"\r\n")
        else:
            self.sock.sendall(data)

    def sendfile(self, respiter: Any) -> bool:
        if self.response_length is not None and self.response_length < _READ_FROM:
            return False
        return super().sendfile(respiter)

    def close(self) -> None:
        super().close()
        self.sock.flush()
