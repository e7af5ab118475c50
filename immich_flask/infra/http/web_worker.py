"""A web process of gunicorn: threads that wait for all connections together, with patience that costs no thread.

The thread that waits takes the connection on which something came (epoll tells of it to nobody else until it is done),
reads, answers and goes back to waiting: no thread hands anything to another. With a loop of the same patience before the
threads, which woke each other for each request, a ping took half as much CPU again.

A request is begun when its head is there, and its body if that is small; any number of clients may be slow to ask. A
thread that waits for its client in the middle of an upload or a download does not count among those that work
(`infra.http.threads`).
"""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.base import Worker as GunicornWorker

from immich_flask.infra.http.client_socket import ClientSocket
from immich_flask.infra.http.connection import MAX_HEAD, PARTING_SECONDS, Connection
from immich_flask.infra.http.exchange import Response
from immich_flask.infra.http.threads import Threads
from immich_flask.infra.memory import Slack

log = logging.getLogger(__name__)

ONCE = select.EPOLLIN | select.EPOLLONESHOT

DRAIN_SECONDS = 5.0
"""How long is waited for the rest of a body that nobody wanted, before the connection is given up."""

STOPPING_SECONDS = 2.0
"""How long a process that ends keeps connections on which the client may be asking something just now."""

ACCEPT_SECONDS = 0.0001
"""How long a process hesitates for each connection that it has before it takes another. Without, half of the time
one process got five of eight connections."""

LONGEST_ACCEPT = 0.002
"""How long at most: who has many connections must still take hundreds of new ones in a second."""

_WHY = b'{"message":"Request Header Fields Too Large"}'
TOO_LARGE = (b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nConnection: close\r\n"
             b"Content-Length: %d\r\n\r\n%s" % (len(_WHY), _WHY))


class Worker(GunicornWorker):
    """See above. Plain sockets and HTTP/1.1 only.

    A connection belongs to the epoll (it is in `_waiting`), or to the thread that epoll gave it to. Only such a thread
    closes it; others that want it closed take it out of `_waiting` and shut it down, which wakes a thread.
    """

    at_once = 1
    """How many threads answer what is quick (`Threads`)."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.is_ssl:
            raise RuntimeError("this worker does no TLS: that is for a proxy in front of it")

    def init_process(self) -> None:
        # Settings are found by name in a table, 13 for each request, and change no more.
        vars(self.cfg).update({name: setting.get() for name, setting in self.cfg.settings.items()})
        self._threads = Threads(self.cfg.threads, self._next, self._turn, at_once=self.at_once)
        self._poll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._waiting: dict[int, Connection] = {}
        self._slack = Slack()
        super().init_process()

    # The main thread: new connections, and those that take too long.

    def run(self) -> None:
        for listener in self.sockets:
            listener.setblocking(False)
        poll = select.poll()
        for source in self.wait_fds:
            poll.register(source, select.POLLIN)
        self._threads.start()
        looked_at = 0.0
        while self.alive and os.getppid() == self.ppid:
            ready = {number for number, _ in poll.poll(1000)}
            for listener in self.sockets:
                if listener.fileno() in ready:
                    self._accept(listener)
            if self.PIPE[0] in ready:
                # A signal.
                os.read(self.PIPE[0], 4096)
            if time.monotonic() - looked_at >= 1.0:
                looked_at = time.monotonic()
                self._look_around()
        self._stop()

    def _accept(self, listener: socket.socket) -> None:
        if len(self._connections) >= self.cfg.worker_connections:
            self._make_room()
        if self.cfg.workers > 1:
            # Whichever process has fewer connections is the quicker one.
            time.sleep(min(len(self._connections) * ACCEPT_SECONDS, LONGEST_ACCEPT))
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                log.warning("no more files can be opened: connections of idle clients are closed")
                self._make_room()
                # Until then there is nothing that could be accepted, but somebody who wants to be.
                time.sleep(0.05)
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        conn = Connection(self.cfg, ClientSocket.of(client, self._threads), address, listener.getsockname())
        self._connections[conn.number] = self._waiting[conn.number] = conn
        self._poll.register(conn.number, ONCE)

    def _look_around(self) -> None:
        self.notify()
        self._slack.give_back()
        moment = time.monotonic()
        for conn in list(self._waiting.values()):
            # Who has said something waits for a free thread: that is not his fault.
            if moment > conn.deadline and (conn.parting or not conn.sock.has_news()):
                self._give_up(conn)

    def _make_room(self) -> None:
        """Close who has asked nothing for the longest time, so that others can."""
        for conn in list(self._waiting.values()):
            if not conn.sock.has_news():
                self._give_up(conn)
                return

    def _give_up(self, conn: Connection) -> None:
        if self._waiting.pop(conn.number, None) is conn:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)

    def _stop(self) -> None:
        """Let running requests end, within the time there is for that."""
        for listener in self.sockets:
            listener.close()
        until = time.monotonic() + self.cfg.graceful_timeout
        idle_until = time.monotonic() + STOPPING_SECONDS
        while self._connections and time.monotonic() < until:
            for conn in list(self._waiting.values()):
                if not conn.has_begun:
                    conn.deadline = min(conn.deadline, idle_until)
            self._look_around()
            time.sleep(0.05)

    # The threads that answer.

    def _next(self) -> Connection:
        while not (ready := self._poll.poll(-1, 1)):
            pass
        return self._connections[ready[0][0]]

    def _turn(self, conn: Connection) -> None:
        try:
            if self._waiting.pop(conn.number, None) is None or not self._proceed(conn):
                self._close(conn)
        except BaseException:
            # Of the connection alone; the thread goes on.
            log.exception("a connection broke")
            self._close(conn)

    def _proceed(self, conn: Connection) -> bool:
        """Take what came, and answer what is there; whether the connection is still waited for."""
        try:
            data = conn.sock.recv_now(MAX_HEAD)
        except BlockingIOError:
            return self._wait(conn)
        except OSError:
            return False
        if not data:
            return False
        if conn.parting:
            return self._wait(conn)
        conn.add(data)
        while conn.is_there:
            if not self._answer(conn):
                return self._part(conn)
            conn.next_request(self.cfg.keepalive)
        if conn.is_too_large:
            with suppress(OSError):
                conn.sock.send(TOO_LARGE)
            return self._part(conn)
        return self._wait(conn)

    def _wait(self, conn: Connection) -> bool:
        self._waiting[conn.number] = conn
        try:
            self._poll.modify(conn.number, ONCE)
        except OSError:
            # Somebody else has its connection now (`infra.http.handover`).
            self._waiting.pop(conn.number, None)
            return False
        return True

    def _part(self, conn: Connection) -> bool:
        """Say that this was the last answer, and wait for the client to hang up."""
        conn.parting = True
        conn.deadline = time.monotonic() + PARTING_SECONDS
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return self._wait(conn)

    def _close(self, conn: Connection) -> None:
        self._connections.pop(conn.number, None)
        conn.sock.close()

    def _answer(self, conn: Connection) -> bool:
        """Answer one request; whether there may be another on this connection."""
        request = None
        try:
            request = conn.request()
            return self._respond(conn, request) and conn.parser.finish_body(deadline=time.monotonic() + DRAIN_SECONDS)
        except (NoMoreData, StopIteration, TimeoutError):
            return False
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
                self.log.exception("Socket error processing request.")
            return False
        except Exception as error:
            self.handle_error(request, conn.sock, conn.client, error)
            return False
        finally:
            self._slack.used()

    def _respond(self, conn: Connection, request: Any) -> bool:
        began_at = datetime.now()
        self.cfg.pre_request(self, request)
        response, environ = wsgi.create(request, conn.sock, conn.client, conn.server, self.cfg, Response)
        environ["wsgi.multithread"] = True
        self.nr += 1
        if self.nr >= self.max_requests:
            # Not `alive = alive and ...`: a signal may have said so in between.
            self.alive = False
        if not self.alive or not self.cfg.keepalive:
            response.force_close()
        try:
            self._send(response, environ)
        except OSError:
            raise
        except Exception:
            if not response.headers_sent:
                raise
            # Part of an answer may be out: the client must see that it ends too early.
            self.log.exception("Error handling request")
            return False
        finally:
            self.log.access(response, request, environ, datetime.now() - began_at)
            self.cfg.post_request(self, request, environ, response)
        return not response.should_close()

    def _send(self, response: Response, environ: dict[str, Any]) -> None:
        body = self.wsgi(environ, response.start_response)
        try:
            if isinstance(body, environ["wsgi.file_wrapper"]):
                response.write_file(body)
            else:
                for piece in body:
                    response.write(piece)
            response.close()
        finally:
            if hasattr(body, "close"):
                body.close()
