"""The web server: gunicorn with threads, told here what a photo server needs.

An upload of hours over a slow line is fine: gunicorn's `timeout` watches the process, not the request. What is bounded
is how long a client may say nothing at all, and how long it may take for the head of a request (`web_worker`).
"""

from __future__ import annotations

import logging
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from immich_flask.infra.config import Config, is_postgres
from immich_flask.infra.http.web_worker import Worker

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
    _allow_many_files()
    # While one waits for an answer from the database there is time for another.
    Worker.at_once = 2 if is_postgres(config.database_url) else 1
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
        # Whom to believe about X-Forwarded-*: `infra.http.proxy`. Nobody may say where the app is mounted.
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "forwarded_allow_ips": "",
        "when_ready": lambda arbiter: when_ready(),
    }).run()


def _allow_many_files() -> None:
    """As many as this process may allow itself: each connection is one, and the usual limit is about as many as
    connections may be open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


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
