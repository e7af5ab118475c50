"""Whose `X-Forwarded-*` headers are believed: those of loopback and of the proxies that the operator names.

They decide who the caller is (counting failed logins) and whether cookies are `Secure`; anybody can send them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from immich_flask.contracts.errors import ConfigError

_HEADERS = tuple(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PORT"))
"""As an environment has them."""

LOOPBACK = ("127.0.0.0/8", "::1/128")


class TrustedProxies:
    """WSGI middleware around `app`. `trusted`: addresses or networks, beside loopback. ConfigError for anything else.

    With several proxies in a row the client is the last one in `X-Forwarded-For` that is not itself trusted.
    """

    def __init__(self, app: Callable, trusted: Iterable[str]) -> None:
        self._app = app
        self._networks = [_network(text) for text in (*LOOPBACK, *trusted)]
        self._after = lru_cache(maxsize=32)(lambda hops: ProxyFix(app, x_for=hops, x_proto=1, x_host=1, x_port=1))
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        # Without an address the other side is on a Unix socket.
        is_told = any(name in environ for name in _HEADERS)
        if not is_told or not self._is_trusted(environ.get("REMOTE_ADDR") or "127.0.0.1"):
            return self._app(environ, start_response)
        hops = 1
        for address in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[1:]):
            if not self._is_trusted(address.strip()):
                break
            hops += 1
        return self._after(hops)(environ, start_response)

    def _look_up(self, text: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(f"server.trusted_proxies: {error}") from error
