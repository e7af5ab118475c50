"""A connection to a client, and what has come of its next request."""

from __future__ import annotations

import re
import time
from typing import Any

from immich_flask.infra.http.client_socket import SILENCE_SECONDS, ClientSocket
from immich_flask.infra.http.exchange import Parser
from immich_flask.infra.http.threads import SMALL_BODY

HEAD_SECONDS = 30.0
"""How long the head of a request may take, together with a body that is small."""

MAX_HEAD = 64 * 1024
"""Bytes of a head: as many as nginx takes in its usual configuration."""

PARTING_SECONDS = 2.0
"""How long a client may take to hang up after the last answer. Closed with unread bytes a connection is reset, and the
client may never see that answer."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_NEEDS_A_WORD = re.compile(rb"\r\nexpect:", re.IGNORECASE)


class Connection:
    """One client. `deadline`: until when (`time.monotonic`) it is waited for; `parting`: until it hangs up."""

    def __init__(self, cfg: Any, sock: ClientSocket, client: Any, server: Any) -> None:
        self.sock, self.client, self.server = sock, client, server
        # Gunicorn closes the descriptor, and a number means nothing then.
        self.number = sock.fileno()
        self.parser = Parser(cfg, sock, client)
        self._unreader = self.parser.unreader
        self.parting = False
        self.next_request(cfg.keepalive)

    def next_request(self, seconds: float) -> None:
        """Wait so long for it to begin. Some of it may have been read together with the one before."""
        self.deadline = time.monotonic() + seconds
        self._came = b""
        self._wanted = 0
        if ahead := self._unreader.take_buffered():
            self.add(ahead)

    def add(self, data: bytes) -> None:
        """More of the request has come."""
        if not self._came:
            self.deadline = time.monotonic() + HEAD_SECONDS
        begin = max(len(self._came) - 3, 0)
        self._came += data
        if not self._wanted and (end := self._came.find(b"\r\n\r\n", begin)) >= 0:
            # Not what may stand before a request line: of that, gunicorn judges.
            self._wanted = end + 4
            length = _LENGTH.search(self._came, 0, self._wanted)
            if length and int(length[1]) <= SMALL_BODY and not _NEEDS_A_WORD.search(self._came, 0, self._wanted):
                self._wanted += int(length[1])

    @property
    def has_begun(self) -> bool:
        return bool(self._came)

    @property
    def is_there(self) -> bool:
        """Whether a thread can begin with the request: its head has come, and its body if that is small."""
        return 0 < self._wanted <= len(self._came)

    @property
    def is_too_large(self) -> bool:
        return not self._wanted and len(self._came) > MAX_HEAD

    def request(self) -> Any:
        """The request that is there, as gunicorn understands it; raises what its parser raises."""
        self._unreader.begin(self._came)
        self.sock.settimeout(SILENCE_SECONDS)
        return next(self.parser)
