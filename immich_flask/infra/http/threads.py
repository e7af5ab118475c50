"""The threads of a web process: a few that work, and more while some of these do nothing but wait for their clients.

An upload over a bad line and a film that was paused in the middle keep their threads, and may do so for hours. They are
not counted among the few; else sixteen paused films would be the end of a server with sixteen threads.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any

SMALL_BODY = 16 * 1024
"""Bytes of a body for whose end no thread waits: nearly all JSON."""

MOST_WAITING = 200
"""Threads of one process that may wait at once, beside those that work."""


class Threads:
    """What gunicorn needs of an executor. `few`: how many work at once; who waits says so by `with threads: ...`."""

    def __init__(self, few: int) -> None:
        self._few = few
        self._changed = Condition()
        self._todo: deque[tuple[Future, Callable[..., Any], tuple]] = deque()
        self._count = self._idle = self._waiting = 0
        self._closed = False

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        future: Future = Future()
        with self._changed:
            self._todo.append((future, function, arguments))
            self._grow()
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Nothing new is begun. (Threads end with the process; nothing here waits for them.)"""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __enter__(self) -> None:
        with self._changed:
            self._waiting += 1
            self._grow()

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._waiting -= 1

    @property
    def count(self) -> int:
        return self._count

    def _room(self) -> int:
        return self._few + min(self._waiting, MOST_WAITING)

    def _grow(self) -> None:
        if len(self._todo) > self._idle and self._count < self._room():
            self._count += 1
            Thread(target=self._work, name="request", daemon=True).start()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            future, function, arguments = task
            if future.set_running_or_notify_cancel():
                try:
                    result = function(*arguments)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
            # What they hold shall not outlive the request.
            del task, future, function, arguments

    def _next(self) -> tuple[Future, Callable[..., Any], tuple] | None:
        """What is to be done next; None: the thread is one too many."""
        with self._changed:
            self._idle += 1
            while not self._todo and not self._closed and self._count <= self._room():
                self._changed.wait()
            self._idle -= 1
            if self._closed or self._count > self._room():
                self._count -= 1
                # It may have been woken for something.
                self._changed.notify()
                return None
            return self._todo.popleft()


class ClientSocket(socket.socket):
    """The socket of a connection to a client; a thread that it lets wait says so."""

    threads: Threads | None = None

    @classmethod
    def of(cls, sock: socket.socket, threads: Threads) -> ClientSocket:
        """Takes the connection over."""
        own = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        own.threads = threads
        return own

    def recv(self, size: int, flags: int = 0) -> bytes:
        # The loop that collects requests does not wait.
        if self.threads is None or self.gettimeout() == 0.0:
            return super().recv(size, flags)
        with self.threads:
            return super().recv(size, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        if self.threads is None:
            return super().sendall(data, flags)
        with self.threads:
            return super().sendall(data, flags)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        if self.threads is None:
            return super().sendfile(file, offset, count)
        with self.threads:
            return super().sendfile(file, offset, count)
