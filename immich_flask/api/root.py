"""The few addresses outside `/api`: where clients find the API, the administrator's style sheet, the server's health."""

from __future__ import annotations

import time
from threading import Lock

from flask import Flask, Response

from immich_flask.core.health import check_health
from immich_flask.core.settings import setting
from immich_flask.infra.http.answers import answer_with, json_response

HEALTH_SECONDS = 2.0
"""For how long an answer about the health is given again: anybody may ask, and it costs a request to the storage."""


def init_root(app: Flask) -> None:
    """Add the routes. They are no part of the described API."""
    health = _Health()

    @app.get("/.well-known/immich")
    def well_known() -> Response:
        return json_response({"api": {"endpoint": "/api"}})

    @app.get("/custom.css")
    def custom_css() -> Response:
        return answer_with(setting("theme.customCss").encode(), "text/css; charset=utf-8")

    @app.get("/healthz")
    def healthz() -> Response:
        parts = health.parts()
        well = all(parts.values())
        answer = {"status": "ok" if well else "failing",
                  "checks": {name: "ok" if ok else "failing" for name, ok in parts.items()}}
        response = json_response(answer, 200 if well else 503)
        response.headers["Cache-Control"] = "no-store"
        return response


class _Health:
    """The last answer; one of several who ask at once does the work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked_at = float("-inf")
        self._parts: dict[str, bool] = {}

    def parts(self) -> dict[str, bool]:
        with self._lock:
            if time.monotonic() - self._asked_at > HEALTH_SECONDS:
                self._parts = check_health()
                self._asked_at = time.monotonic()
            return self._parts
