"""A client that weighs next to nothing, so that what is measured on one machine is the server.

    wire = Wire("http://127.0.0.1:2283", token="...")
    wire.ask("GET", "/server/ping").status
    load(wire, [wire.request("GET", "/assets/ID")], clients=8, seconds=5)

Requests are bytes that were made before; connections stay open; one thread looks after all of them. It takes about
30 µs for each answer, where `http.client` takes 200.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import orjson

PATIENCE = 300.0
"""Seconds that a server may take for one answer."""

_PIECE = 1024 * 1024


class BadAnswer(RuntimeError):
    """Not the answer that was to be measured."""


@dataclass(slots=True)
class Answer:
    status: int
    headers: bytes
    body: bytes

    @property
    def json(self) -> object:
        return orjson.loads(self.body)


@dataclass(slots=True)
class Load:
    """What came of some seconds of asking: seconds of each answer, and the bytes of the bodies together."""

    taken: list[float] = field(default_factory=list)
    size: int = 0
    seconds: float = 0.0

    def at(self, share: float) -> float:
        """Milliseconds within which that share of the answers came."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] * 1000


class Wire:
    """Where a server is, and who asks it. Methods raise OSError, and BadAnswer for any status but 2xx."""

    def __init__(self, url: str, *, token: str = "", api_key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme != "http":
            raise ValueError(f"{url} is not http://: TLS would be measured, too")
        self.address = parts.hostname or "127.0.0.1", parts.port or 80
        who = f"Authorization: Bearer {token}\r\n" if token else f"x-api-key: {api_key}\r\n" if api_key else ""
        self._always = f"Host: {parts.netloc}\r\n{who}".encode()

    def request(self, method: str, path: str, body: object = None, *, gzip: bool = False, **headers: str) -> bytes:
        """The bytes of a request. `body`: JSON, or bytes together with a `content_type`."""
        data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"accept_encoding": "gzip" if gzip else "identity", **headers}
        if body is not None:
            headers = {"content_type": "application/json", "content_length": str(len(data)), **headers}
        named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return b"%s /api%s HTTP/1.1\r\n%s%s\r\n%s" % (
            method.encode(), path.encode(), self._always, named.encode(), data)

    def ask(self, method: str, path: str, body: object = None, **options: object) -> Answer:
        """One answer over a connection of its own."""
        with Connection(self.address) as connection:
            return connection.ask(self.request(method, path, body, **options))

    def json(self, method: str, path: str, body: object = None) -> object:
        answer = self.ask(method, path, body)
        return answer.json if answer.body else None


class Connection:
    """A connection that is kept. Use it in a `with`, or close it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def ask(self, request: bytes, *, any_status: bool = False) -> Answer:
        pieces = self.pieces(request)
        head = next(pieces)
        answer = Answer(status_of(head), head, b"".join(pieces))
        if not any_status and not 200 <= answer.status < 300:
            raise BadAnswer(f"{request[:100]!r} was answered {answer.status}: {answer.body[:300]!r}")
        return answer

    def ask_with_file(self, request: bytes, path: Path, tail: bytes) -> Answer:
        """One answer to a request whose body goes on with a file, which the kernel sends, and ends with `tail`."""
        self._socket.sendall(request)
        with path.open("rb") as file:
            self._socket.sendfile(file)
        return self.ask(tail)

    def pieces(self, request: bytes) -> Iterator[bytes]:
        """The head of the answer, then its body as it comes."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, data = data.partition(b"\r\n\r\n")
        yield head
        length = length_of(head)
        yield from self._chunks(data) if length is None else self._known(data, length)

    def _known(self, data: bytes, length: int) -> Iterator[bytes]:
        yield data
        left = length - len(data)
        while left > 0:
            data = self._received()
            left -= len(data)
            yield data

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        while True:
            while b"\r\n" not in data:
                data += self._received()
            size_text, _, data = data.partition(b"\r\n")
            size = int(size_text, 16)
            parts, have = [data], len(data)
            while have < size + 2:
                parts.append(self._received())
                have += len(parts[-1])
            data = b"".join(parts)
            if not size:
                return
            yield data[:size]
            data = data[size + 2:]

    def _received(self) -> bytes:
        if not (data := self._socket.recv(_PIECE)):
            raise BadAnswer("the server closed the connection in the middle of an answer")
        return data


def status_of(head: bytes) -> int:
    return int(head[9:12])


def length_of(head: bytes) -> int | None:
    """The length of the body; None when it comes in chunks."""
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    return None if at < 0 else int(lower[at + 17:].split(b"\r\n", 1)[0])


def load(wire: Wire, requests: Sequence[bytes], *, clients: int, seconds: float, seed: int = 1) -> Load:
    """Let some clients ask for `requests`, chosen at random, one after the other, for some seconds."""
    with Connection(wire.address) as warm:
        for request in requests[:3]:
            warm.ask(request)
    choose, result = random.Random(seed).choice, Load()
    poll = select.epoll()
    asking = {}
    for _ in range(clients):
        client = _Client(wire.address)
        asking[client.socket.fileno()] = client
        poll.register(client.socket, select.EPOLLIN)
    began = time.perf_counter()
    until = began + seconds
    for client in asking.values():
        client.send(choose(requests))
    left = clients
    buffer = memoryview(bytearray(_PIECE))
    while left:
        for number, _ in poll.poll(PATIENCE):
            client = asking[number]
            if not client.receive(buffer):
                continue
            moment = time.perf_counter()
            result.taken.append(moment - client.sent_at)
            result.size += client.length
            if moment < until:
                client.send(choose(requests))
            else:
                left -= 1
    result.seconds = time.perf_counter() - began
    for client in asking.values():
        client.socket.close()
    poll.close()
    return result


class _Client:
    """One of many that one thread looks after. Its answers have a Content-Length."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.length = 0
        self._head = b""
        self._left: int | None = None

    def send(self, request: bytes) -> None:
        self._head, self._left = b"", None
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self, buffer: memoryview) -> bool:
        """Take what has come; whether that was all."""
        if not (size := self.socket.recv_into(buffer)):
            raise BadAnswer("the server closed a connection in the middle of an answer")
        if self._left is None:
            self._head += bytes(buffer[:size])
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return False
            if status_of(head) != 200:
                raise BadAnswer(f"answered {status_of(head)}: {body[:300]!r}")
            if (length := length_of(head)) is None:
                raise BadAnswer("an answer without Content-Length")
            self.length, size, self._left = length, len(body), length
        self._left -= size
        return self._left <= 0
