"""Flask with less to do for each request: without what it does for others and nobody needs here, or does twice.

CPU of a thumbnail in the app: the search for coroutines was 90 µs of 460, the rest of this 50 of 340.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.datastructures import EnvironHeaders, Headers, ImmutableMultiDict
from werkzeug.routing import MapAdapter


class _Headers(EnvironHeaders):
    """Werkzeug's raise an error for each header that is not there, and catch it again: most are not."""

    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:
        return self.environ.get(_in_environ(key), default) if type is None else super().get(key, default, type)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _in_environ(key) in self.environ


@lru_cache(maxsize=256)
def _in_environ(key: str) -> str:
    name = key.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class _Query(ImmutableMultiDict):
    """The same of a query: most look for `key` and `slug` in vain."""

    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:
        if key not in self:
            return default
        return super().get(key, default, type)


class _Request(Request):
    parameter_storage_class = _Query

    def __init__(self, environ: dict[str, Any], *arguments: Any, **options: Any) -> None:
        super().__init__(environ, *arguments, **options)
        self.headers = _Headers(environ)


class Complete(Response):
    """An answer with a Content-Length and no Location, for any status but 204 and 304: nothing is left that Werkzeug
    would have to add or correct in a copy of its headers."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        return self.headers


class _NoSessions(SessionInterface):
    """Sessions are those of `core.auth`; Flask's would be looked for in each request."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._none


class App(Flask):
    request_class = _Request
    session_interface = _NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No coroutines are served here; Flask would look for them eight times in each request."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Without subdomains, which Flask takes from the host and then ignores. WebSockets are matched by it."""
        if request is None or "HTTP_UPGRADE" in request.environ:
            return super().create_url_adapter(request)
        return MapAdapter(self.url_map, request.environ.get("HTTP_HOST", ""), request.root_path, "", request.scheme,
                          request.path, request.method, request.environ.get("QUERY_STRING", ""))
