"""Taking a connection out of the web server's hands, for what is not HTTP any more.

Gunicorn gives each request its socket. Ours is a second descriptor of the connection; in place of the first, gunicorn
finds one that is dead, which it may shut down and close as it does with every socket. Then the thread is free.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from flask import Response

from immich_flask.infra.http.client_socket import ClientSocket

_SOCKET = "gunicorn.socket"


def can_be_taken(environ: Mapping[str, Any]) -> bool:
    """Whether the connection of a request is a plain one that the server lets go of: not under other servers, nor where
    gunicorn itself does TLS or replaces sockets by its own (gevent)."""
    return type(environ.get(_SOCKET)) in (socket.socket, ClientSocket)


class Handover(Response):
    """The answer to a request whose connection goes to `take(socket)`. Only where `can_be_taken`."""

    def __init__(self, take: Callable[[socket.socket], None]) -> None:
        super().__init__(status=101)
        self._take = take

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes] | NoReturn:
        taken = _exchange(environ[_SOCKET])
        try:
            self._take(taken)
        except BaseException:
            taken.close()
            raise
        self.close()
        # For gunicorn: this connection is done.
        raise StopIteration


def _exchange(theirs: socket.socket) -> socket.socket:
    ours = socket.socket(fileno=os.dup(theirs.fileno()))
    dead, other = socket.socketpair()
    other.close()
    os.dup2(dead.fileno(), theirs.fileno(), inheritable=False)
    dead.close()
    return ours
