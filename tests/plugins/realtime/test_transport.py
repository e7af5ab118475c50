"""What happens on the way to a connection, and what cuts one off."""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from immich_flask.testing import Server
from plugins.realtime.callers import Caller
from plugins.realtime.carrier import handshake
from plugins.realtime.hub import EVERYBODY, Delivery, Hub
from tests.core.programs import wait_until
from tests.plugins.realtime.clients import Account
from tests.serving import Served

OPEN = "/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize(("query", "code", "message"), [
    ({"EIO": "4", "transport": "polling"}, 0, "Transport unknown"),
    ({}, 0, "Transport unknown"),
    ({"EIO": "4", "transport": "websocket", "sid": "x"}, 1, "Session ID unknown"),
    ({"EIO": "3", "transport": "websocket"}, 5, "Unsupported protocol version"),
    ({"EIO": "4", "transport": "websocket"}, 3, "Bad request"),
])
@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
def test_refusals(server: Server, path: str, query: dict, code: int, message: str) -> None:
    refused = server.nobody.get(path, **query)
    assert (refused.status_code, refused.json) == (400, {"code": code, "message": message})
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


def test_other_methods(server: Server) -> None:
    refused = server.nobody.post("/socket.io/", EIO="4", transport="websocket")
    assert (refused.status_code, refused.json["code"]) == (400, 2)
    asked = server.nobody.open("OPTIONS", "/socket.io/", headers={"Access-Control-Request-Headers": "x-api-key"})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Headers"]) == (204, "x-api-key")
    assert server.nobody.delete("/socket.io/").status_code == 404


def test_a_server_that_keeps_its_sockets(server: Server) -> None:
    refused = server.nobody.get("/socket.io/", EIO="4", transport="websocket",
                                headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert (refused.status_code, refused.json) == (
        501, {"message": "WebSockets are not supported by this web server"})


def connection(served: Served) -> socket.socket:
    address = urlsplit(served.url)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def request(token: str = "", **headers: str | None) -> bytes:
    """The head of a request for a WebSocket; headers replace the usual ones, None leaves one out."""
    given = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Authorization": f"Bearer {token}",
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    return f"GET /api{OPEN} HTTP/1.1\r\n{lines}\r\n".encode()


def frame(data: bytes, opcode: int = 1) -> bytes:
    """As clients send it."""
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xff" + len(data).to_bytes(8, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + data


@pytest.fixture
def opened(account: Account) -> Iterator[socket.socket]:
    """A connection of the account that has not joined yet."""
    with closing(connection(account.served)) as client:
        client.sendall(request(account.token))
        assert b" 101 " in until(client, b"maxPayload")
        yield client


def until(client: socket.socket, expected: bytes) -> bytes:
    """What is sent until something expected has come."""
    heard = b""
    while expected not in heard:
        part = client.recv(4096)
        assert part, heard
        heard += part
    return heard


def ended(client: socket.socket) -> bytes:
    """What is still sent until it is over."""
    parts = []
    try:
        while part := client.recv(4096):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize("headers", [
    {"Sec_WebSocket_Version": "8"}, {"Sec_WebSocket_Key": None}, {"Connection": "close"}])
def test_what_is_no_handshake(account: Account, headers: dict) -> None:
    with closing(connection(account.served)) as client:
        client.sendall(request(account.token, **headers))
        assert b"HTTP/1.1 400" in client.recv(1000)


def test_compression_is_not_agreed_on(account: Account) -> None:
    with closing(connection(account.served)) as client:
        client.sendall(request(account.token, Sec_WebSocket_Extensions="permessage-deflate"))
        assert b"permessage-deflate" not in until(client, b"maxPayload")


def test_pings_are_answered(opened: socket.socket) -> None:
    opened.sendall(frame(b"there?", opcode=9))
    until(opened, b"there?")


def test_a_close_is_answered(opened: socket.socket) -> None:
    opened.sendall(frame(b"\x03\xe8", opcode=8))
    assert ended(opened) == b"\x88\x02\x03\xe8"


@pytest.mark.parametrize("sent", [
    b"\x00" * 50, frame(b"x", opcode=7), b"\x81\x01x", frame(b"x" * 1_000_001), b"GET / HTTP/1.1\r\n\r\n"],
    ids=["zeros", "unknown frame", "unmasked", "too large", "HTTP"])
def test_what_is_no_websocket_is_cut_off(opened: socket.socket, sent: bytes) -> None:
    opened.sendall(sent)
    ended(opened)


@pytest.mark.parametrize("sent", [b"4", b"9", b"42[", b"451-[\"x\",{\"_placeholder\":true,\"num\":0}]", b"40/other,",
                                  b"42[\"on_config_update\"]", "4ü".encode()])
def test_messages_without_sense_do_no_harm(opened: socket.socket, account: Account, sent: bytes) -> None:
    opened.sendall(frame(sent) + frame(b"40"))
    until(opened, b"on_server_version")


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the others get everything meanwhile."""
    monkeypatch.setattr("plugins.realtime.hub.SLOW_SECONDS", 0.5)
    hub, heard = Hub(most=2), bytearray()
    with (socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as deaf, socket.socket() as good):
        for number, client in enumerate((deaf, good)):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(listener.getsockname())
            headers = dict(line.split(": ") for line in request().decode().splitlines()[1:] if line)
            hub.take(listener.accept()[0], handshake(headers), Caller(f"user {number}", None, None))
            client.sendall(frame(b"40"))
        wait_until(lambda: len(hub.callers()) == 2, "both to join")
        assert hub.is_full
        hearing = threading.Thread(target=lambda: heard.extend(ended(good)))
        hearing.start()
        sent = 0
        while len(hub.callers()) == 2 and sent < 50:
            hub.deliver([Delivery(hub.among(None), "on_bell", ("x" * 200_000,))])
            sent += 1
        assert [caller.user_id for caller in hub.callers()] == ["user 1"]
        assert hub.among(["user 0", "user 1", EVERYBODY]) == ["user 1", EVERYBODY]
        hub.deliver([Delivery(["user 1"], ends="access")])
        wait_until(lambda: not hub.callers(), "the other to go, too")
        hearing.join()
    assert heard.count(b"on_bell") == sent
