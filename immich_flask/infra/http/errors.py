"""The one place where exceptions become answers, always JSON below `/api`."""

from __future__ import annotations

import logging
import re

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from immich_flask.contracts.errors import ApiError
from immich_flask.infra.away import is_away, is_full
from immich_flask.infra.blame import in_words
from immich_flask.infra.http.answers import json_response
from immich_flask.infra.storage.base import ObjectNotFound

log = logging.getLogger(__name__)

RETRY_AFTER = "5"
"""Seconds that clients may wait when database or storage are away; those of Immich try again by themselves."""


def init_errors(app: Flask) -> None:
    """Install the handlers."""

    @app.errorhandler(ApiError)
    def known(error: ApiError) -> Response:
        response = json_response(error.body(), error.status)
        response.headers.update(error.headers)
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if isinstance(error, (NotFound, MethodNotAllowed)):
            # Immich's router does not tell a wrong method from a wrong path.
            return json_response({"message": f"Cannot {request.method} {request.path}"}, 404)
        if isinstance(error, RequestEntityTooLarge):
            return json_response({"message": "Payload too large"}, 413)
        return json_response({"message": error.description or error.name}, error.code or 500)

    @app.errorhandler(ObjectNotFound)
    def lost(error: ObjectNotFound) -> Response:
        log.error("a row names an object that is not there (%s): %s", g.get("correlation_id"), error)
        return json_response({"message": "Not Found"}, 404)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        if is_full(error):
            log.error("no space left (%s): %s", g.get("correlation_id"), error)
            return json_response({"message": "No space left on the server"}, 507)
        if is_away(error):
            log.warning("not available (%s): %s", g.get("correlation_id"), _one_line(error))
            response = json_response({"message": "Service temporarily unavailable"}, 503)
            response.headers["Retry-After"] = RETRY_AFTER
            return response
        # The route rather than the address: that can hold the key of a link.
        log.exception("%s %s failed%s (%s)", request.method, request.url_rule or "-", in_words(error, _plugin()),
                      g.get("correlation_id"))
        return json_response({"message": f"Failed to {_handler_in_words()}"}, 500)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _plugin() -> str:
    """Whose the route is; empty: the core's."""
    return getattr(current_app.blueprints.get(request.blueprint), "owner", "")


def _handler_in_words() -> str:
    name = (request.endpoint or "answer").rpartition(".")[2]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()
