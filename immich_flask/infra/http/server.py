"""The web server: gunicorn with threads, told here what a photo server needs.

An upload of hours over a slow line is fine: gunicorn's `timeout` watches the process, not the request. What is bounded
is how long a client may say nothing at all, and how long it may take for the head of a request; and a connection
without a request takes no thread.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from selectors import EVENT_READ
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from immich_flask.infra.config import Config
from immich_flask.infra.memory import Slack

SILENCE_SECONDS = 120.0
"""How long a client may neither send nor take a byte in the middle of a request."""

HEAD_SECONDS = 30.0
"""How long the head of a request may take."""

BACKLOG = 2048


def listen(config: Config) -> socket.socket:
    """A listening socket on the configured address. OSError when that is taken or not ours."""
    host, port = config.server.host, config.server.port
    family, *_, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def run_web(app: Callable, listener: socket.socket, config: Config, *, when_ready: Callable[[], None],
            graceful_seconds: float) -> None:
    """Serve `app` until SIGTERM; running requests then have `graceful_seconds` to end. Never returns: SystemExit.

    when_ready: called once, when connections are accepted.
    """
    _Web(app, {
        # Gunicorn closes the descriptor that it is given.
        "bind": f"fd://{listener.dup().detach()}",
        "workers": config.server.web_processes,
        "threads": config.server.threads,
        "worker_class": Worker,
        "preload_app": True,
        "timeout": 120,
        "graceful_timeout": int(graceful_seconds),
        "keepalive": 15,
        # Searches carry many ids in their query.
        "limit_request_line": 8190,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
        "logger_class": _Logger,
        "control_socket_disable": True,
        # Whom to believe about X-Forwarded-*: `infra.http.proxy`.
        "secure_scheme_headers": {},
        "when_ready": lambda arbiter: when_ready(),
    }).run()


class _Web(BaseApplication):
    def __init__(self, app: Callable, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable:
        return self._app


class _Logger(Logger):
    """Gunicorn's messages go where ours go, without the requests that they quote: keys of shared links and sessions are
    in addresses and headers. Requests are logged by the app."""

    def setup(self, cfg: Any) -> None:
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        text = str(msg)
        super().warning(text.partition(": ")[0] if text.startswith("Invalid request") else text, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().exception(str(msg).partition(" %s")[0], **kwargs)


class Worker(ThreadWorker):
    """Gunicorn's threaded worker, with patience that ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads: dict[TConn, float] = {}
        self._slack = Slack()

    def notify(self) -> None:
        super().notify()
        self._slack.give_back()

    def enqueue_req(self, conn: TConn) -> None:
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        # Gunicorn would let a thread wait for the first byte.
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:
        self._heads[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._heads.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        self._heads.pop(conn, None)
        conn.sock.settimeout(SILENCE_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError as error:
            # For gunicorn: close the connection.
            raise StopIteration from error
        finally:
            self._slack.used()

    def murder_pending(self) -> None:
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = 0.0
        super().murder_pending()
        moment = time.monotonic()
        for conn, deadline in list(self._heads.items()):
            if moment > deadline and self._heads.pop(conn, None):
                # Wakes the thread that reads from it, which finds the end. It may be gone already.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)
