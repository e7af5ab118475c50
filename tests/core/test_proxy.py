"""Who is believed about where a request comes from."""

from __future__ import annotations

import pytest
from flask import Flask, request

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.http.proxy import TrustedProxies


def seen(remote: str, trusted: tuple[str, ...] = (), **headers: str) -> tuple[str, str, str]:
    """(caller's address, scheme, host) as the app sees them."""
    app = Flask(__name__)
    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted)

    @app.get("/")
    def tell() -> list[str]:
        return [request.remote_addr, request.scheme, request.host]

    client = app.test_client()
    return tuple(client.get("/", environ_base={"REMOTE_ADDR": remote}, headers={
        name.replace("_", "-"): value for name, value in headers.items()}).json)


HEADERS = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "photos.example"}
BELIEVED = ("203.0.113.9", "https", "photos.example")


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_believed(remote: str) -> None:
    assert seen(remote, **HEADERS) == BELIEVED
    assert seen(remote) == (remote, "http", "localhost")


@pytest.mark.parametrize("remote", ["198.51.100.1", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_nobody_else_is(remote: str) -> None:
    assert seen(remote, **HEADERS) == (remote, "http", "localhost")


@pytest.mark.parametrize("remote", ["10.0.0.1", "10.0.255.255", "2001:db8::1%eth0", "::ffff:10.0.0.1"])
def test_configured_proxies_are(remote: str) -> None:
    assert seen(remote, ("10.0.0.0/16", "2001:db8::1"), **HEADERS) == BELIEVED


@pytest.mark.parametrize(("forwarded", "client"), [
    ("203.0.113.9", "203.0.113.9"),
    ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
    ("1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
    ("1.1.1.1, 203.0.113.9, 10.0.0.3, 10.0.0.2", "203.0.113.9"),
    ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ("nonsense, 10.0.0.2", "nonsense"),
])
def test_the_client_is_the_last_one_that_no_proxy_of_ours_is(forwarded: str, client: str) -> None:
    assert seen("10.0.0.1", ("10.0.0.0/16",), X_Forwarded_For=forwarded)[0] == client


def test_a_wrong_address_stops_startup() -> None:
    with pytest.raises(ConfigError, match="server.trusted_proxies: 'proxy.example' does not appear"):
        TrustedProxies(Flask(__name__).wsgi_app, ["proxy.example"])
