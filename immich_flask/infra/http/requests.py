"""What every request goes through: a correlation id, a line in the access log, headers that every answer carries."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from random import getrandbits

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger("immich_flask.access")

CORRELATION_HEADER = "X-Correlation-ID"

API_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Answers of the API are data. An SVG from somebody's upload, opened as a page of its own, must not run its scripts."""

LINGER_SECONDS = 30.0
"""How long the rest of a body is taken that nobody wanted any more."""

LINGER_SILENCE = 5.0
"""How long its sender may pause meanwhile."""


def init_requests(app: Flask) -> None:
    """Install it; before everything else that happens before a request, as that may fail."""

    @app.before_request
    def begin() -> None:
        g.correlation_id = f"{getrandbits(64):016x}"
        g.began_at = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        names = {name.lower() for name, _ in headers}
        headers.add(CORRELATION_HEADER, g.correlation_id)
        if "x-content-type-options" not in names:
            headers.add("X-Content-Type-Options", "nosniff")
        if "content-security-policy" not in names and request.path.startswith("/api/"):
            headers.add("Content-Security-Policy", API_POLICY)
        if log.isEnabledFor(logging.INFO):
            _log_when_sent(response)
        if request.content_length or "Transfer-Encoding" in request.headers:
            _linger(response)
        return response


def _log_when_sent(response: Response) -> None:
    """One line when the last byte is out. The path is the route's: real ones, and queries, can hold secrets."""
    method, began_at, correlation_id = request.method, g.began_at, g.correlation_id
    path = request.url_rule.rule if request.url_rule else "-"
    auth = g.get("auth")
    user = auth.user.id if auth else None

    @response.call_on_close
    def write() -> None:
        ms = round((time.perf_counter() - began_at) * 1000, 1)
        status = response.status_code
        log.info("%s %s %s %sms%s", method, path, status, ms, f" user={user}" if user else "", extra={
            "method": method, "path": path, "status": status, "ms": ms, "user": user, "request": correlation_id,
        })


def _linger(response: Response) -> None:
    """Take what is left of the body once the answer is out. A connection that is closed with unread bytes is reset, and
    a client that was still sending may never see the answer that told it to stop."""
    try:
        body = request.stream
    except HTTPException:
        # Longer than anything we take: then the connection may break.
        return

    connection = request.environ.get("gunicorn.socket")

    @response.call_on_close
    def take_the_rest() -> None:
        if connection is not None:
            connection.settimeout(LINGER_SILENCE)
        until = time.monotonic() + LINGER_SECONDS
        with suppress(HTTPException, OSError):
            while body.read(256 * 1024) and time.monotonic() < until:
                pass
