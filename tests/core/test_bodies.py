"""A request's body on its way from the socket to whoever reads it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gunicorn.http.body import LengthReader

from immich_flask.infra.http import exchange
from immich_flask.infra.http.client_socket import ClientSocket
from immich_flask.infra.http.exchange import SizedBody, Unreader
from immich_flask.infra.http.threads import Threads


class Line:
    """Both ends of a connection; what the server has read together with the head."""

    def __init__(self) -> None:
        self.client, server = socket.socketpair()
        self.server = ClientSocket.of(server, Threads(1, lambda: None, lambda _: None))
        self.server.settimeout(1.0)
        self.unreader = Unreader(self.server)

    def body(self, length: int, ahead: bytes = b"") -> SizedBody:
        self.unreader.begin(ahead)
        return SizedBody(LengthReader(self.unreader, length))


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    with line.client, line.server:
        yield line


def read(body: SizedBody, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[:body.readinto(buffer)])


def test_what_has_come_is_read_at_once(line: Line) -> None:
    body = line.body(10, ahead=b"abc")
    line.client.sendall(b"defghij")
    assert [read(body, 2), read(body, 8), read(body, 4), read(body, 8), read(body, 8)] == [
        b"ab", b"c", b"defg", b"hij", b""]


def test_the_next_request_is_left(line: Line) -> None:
    body = line.body(4, ahead=b"abcdGET /")
    assert (read(body, 100), read(body, 100)) == (b"abcd", b"")
    assert line.unreader.take_buffered() == b"GET /"
    body = line.body(4)
    line.client.sendall(b"efghGET /")
    assert (read(body, 100), read(body, 100)) == (b"efgh", b"")
    assert line.server.recv(100) == b"GET /"


def test_lines_and_bytes_in_turn(line: Line) -> None:
    """As a plugin may read what it gets."""
    body = line.body(19, ahead=b"one\ntwo\nthree\n")
    line.client.sendall(b"four\n")
    assert body.readline() == b"one\n"
    assert read(body, 5) == b"two\nt"
    assert body.readline() == b"hree\n"
    assert read(body, 100) == b"four\n"
    assert (read(body, 100), body.read()) == (b"", b"")


def test_who_hangs_up_ends_it(line: Line) -> None:
    body = line.body(10)
    line.client.sendall(b"abc")
    line.client.close()
    assert (read(body, 100), read(body, 100)) == (b"abc", b"")
    assert not body.failed


def test_who_says_nothing_or_too_little_fails_it(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.server.settimeout(0.01)
    body = line.body(10)
    with pytest.raises(TimeoutError, match="silent"):
        read(body, 10)
    assert body.failed
    monkeypatch.setattr(exchange, "GRACE_SECONDS", -1.0)
    monkeypatch.setattr(exchange, "SLOWEST", 10**12)
    body = line.body(10)
    line.client.sendall(b"abc")
    with pytest.raises(TimeoutError, match="too slowly"):
        read(body, 10)
    assert body.failed
