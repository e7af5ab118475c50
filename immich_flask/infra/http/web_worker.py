"""Gunicorn's threaded worker, with patience that costs no thread, and that ends.

A request gets a thread when its head is there, and its body if that is small. Until then the one loop that waits for
all connections collects it; so any number of clients may be slow to ask. A thread that waits for its client in the
middle of an upload or a download does not count among those that work (`infra.http.threads`).
"""

from __future__ import annotations

import errno
import logging
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from immich_flask.infra.http.threads import SMALL_BODY, ClientSocket, Threads
from immich_flask.infra.memory import Slack

log = logging.getLogger(__name__)

SILENCE_SECONDS = 120.0
"""How long a client may neither send nor take a byte in the middle of a request."""

HEAD_SECONDS = 30.0
"""How long the head of a request may take, together with a body that is small."""

MAX_HEAD = 64 * 1024
"""Bytes of a head: as many as nginx takes in its usual configuration."""

PARTING_SECONDS = 2.0
"""How long a client may take to hang up after the last answer. Closed with unread bytes a connection is reset, and the
client may never see that answer."""

GRACE_SECONDS = 30.0
SLOWEST = 500
"""Bytes per second that a body must bring, averaged over the time that was waited for it, after some grace."""

_WHY = b'{"message":"Request Header Fields Too Large"}'
TOO_LARGE = (b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nConnection: close\r\n"
             b"Content-Length: %d\r\n\r\n%s" % (len(_WHY), _WHY))

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_NEEDS_A_WORD = re.compile(rb"\r\nexpect:", re.IGNORECASE)


@dataclass(slots=True)
class _Coming:
    """What has come of the next request of a connection. `wanted`: bytes to wait for, once that is known."""

    data: bytearray = field(default_factory=bytearray)
    wanted: int = 0
    deadline: float = 0.0

    def add(self, data: bytes) -> None:
        begin = max(len(self.data) - 3, 0)
        self.data += data
        if not self.wanted and (end := self.data.find(b"\r\n\r\n", begin)) >= 0:
            # Not what may stand before a request line: of that, gunicorn judges.
            self.wanted = end + 4
            head = bytes(self.data[:self.wanted])
            length = _LENGTH.search(head)
            if length and int(length[1]) <= SMALL_BODY and not _NEEDS_A_WORD.search(head):
                self.wanted += int(length[1])

    @property
    def is_there(self) -> bool:
        return 0 < self.wanted <= len(self.data)

    @property
    def is_too_large(self) -> bool:
        return not self.wanted and len(self.data) > MAX_HEAD


class _Unreader(SocketUnreader):
    """Reads from the client, unless that sends a body too slowly to be serious."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.begin()

    def begin(self) -> None:
        """Another request."""
        self._waited, self._came = 0.0, 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        began = time.monotonic()
        data = super().chunk(size_hint)
        self._waited += time.monotonic() - began
        self._came += len(data)
        if self._waited > GRACE_SECONDS and self._came < self._waited * SLOWEST:
            raise TimeoutError("the client sends too slowly")
        return data


class _Connection(TConn):
    """Gunicorn's own would have the loop wait for the client to hang up, and everybody with it."""

    part: Callable[[TConn], None]

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self.part(self)
        else:
            super().close()


class Worker(ThreadWorker):
    """See above. Plain sockets only: gunicorn itself does no TLS here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._coming: dict[TConn, _Coming] = {}
        self._parting: dict[TConn, float] = {}
        self._slack = Slack()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.is_ssl:
            raise RuntimeError("this worker does no TLS: that is for a proxy in front of it")
        super().check_config(cfg, log)

    def get_thread_pool(self) -> Threads:
        return Threads(self.cfg.threads)

    def notify(self) -> None:
        super().notify()
        self._slack.give_back()
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                log.warning("no more files can be opened: connections of idle clients are closed")
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = _Connection(self.cfg, ClientSocket.of(client, self.tpool), address, listener.getsockname())
        conn.part = self._part
        self.enqueue_req(conn)

    def enqueue_req(self, conn: TConn) -> None:
        """Collect the next request of a connection; some of it may have been read together with the one before."""
        coming = _Coming(deadline=time.monotonic() + self.cfg.keepalive)
        if conn.parser is not None and (ahead := conn.parser.unreader.take_buffered()):
            coming.add(ahead)
        conn.sock.setblocking(False)
        self._coming[conn] = coming
        self._collect(conn)

    def _on_more(self, conn: TConn, sock: socket.socket) -> None:
        self.poller.unregister(sock)
        self._collect(conn)

    def _collect(self, conn: TConn) -> None:
        """Take what there is, and wait for more or answer."""
        coming = self._coming[conn]
        while not coming.is_there:
            try:
                data = conn.sock.recv(MAX_HEAD)
            except BlockingIOError:
                self.poller.register(conn.sock, EVENT_READ, partial(self._on_more, conn))
                return
            except OSError:
                data = b""
            if not data:
                self._forget(conn)
                return
            if not coming.data:
                coming.deadline = time.monotonic() + HEAD_SECONDS
            coming.add(data)
            if coming.is_too_large:
                with suppress(OSError):
                    conn.sock.send(TOO_LARGE)
                self._forget(conn, graceful=True)
                return
        del self._coming[conn]
        if conn.parser is None:
            conn.init()
            conn.parser.unreader = _Unreader(conn.sock)
        conn.data_ready = True
        conn.parser.unreader.begin()
        conn.parser.unreader.unread(bytes(coming.data))
        super().enqueue_req(conn)

    def _forget(self, conn: TConn, *, graceful: bool = False) -> None:
        del self._coming[conn]
        self.nr_conns -= 1
        conn.close(graceful)

    def _give_up(self, conn: TConn) -> None:
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self._forget(conn)

    def _make_room(self) -> None:
        """Close who has asked nothing for the longest time, so that others can."""
        if self._coming:
            self._give_up(next(iter(self._coming)))
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0.0

    def murder_pending(self) -> None:
        moment = time.monotonic()
        for conn, coming in list(self._coming.items()):
            # A worker that stops waits for none who has not begun.
            if moment > coming.deadline or not (self.alive or coming.data):
                self._give_up(conn)
        for conn, deadline in list(self._parting.items()):
            if moment > deadline:
                self._parted(conn)

    def _part(self, conn: TConn) -> None:
        """Say that this was the last answer, and wait for the client to hang up."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self._parting[conn] = time.monotonic() + PARTING_SECONDS
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_parting, conn))

    def _on_parting(self, conn: TConn, sock: socket.socket) -> None:
        try:
            data = sock.recv(MAX_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._parted(conn)

    def _parted(self, conn: TConn) -> None:
        del self._parting[conn]
        self.poller.unregister(conn.sock)
        conn.close()

    def handle_request(self, req: Any, conn: TConn) -> bool:
        conn.sock.settimeout(SILENCE_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError as error:
            # For gunicorn: close the connection.
            raise StopIteration from error
        finally:
            self._slack.used()
