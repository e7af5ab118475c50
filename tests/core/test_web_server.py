"""The web server on raw sockets: clients that are slow, and requests that two servers could read as different ones."""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Barrier, Event, Thread, get_ident
from types import SimpleNamespace

import pytest
import requests
from flask import Flask, request

from immich_flask.infra.config import load_config
from immich_flask.infra.http import server as web
from immich_flask.infra.http import client_socket, connection, exchange, threads, web_worker
from immich_flask.infra.http.proxy import TrustedProxies
from tests.core.programs import forked, free_port, status_of, wait_until

Address = tuple[str, int]


def an_app() -> Flask:
    app = Flask(__name__)

    @app.post("/")
    def size() -> str:
        return str(len(request.stream.read()))

    @app.get("/large")
    def large() -> bytes:
        return bytes(8 * 1024 * 1024)

    @app.get("/who")
    def who() -> list[str]:
        return [request.remote_addr, request.script_root, request.path, request.host]

    @app.get("/pid")
    def pid() -> str:
        return str(os.getpid())

    released = Event()

    @app.get("/slow")
    def slow() -> str:
        return str(int(released.wait(20)))

    @app.get("/release")
    def release() -> str:
        released.set()
        return ""

    @app.get("/breaks")
    def breaks() -> Iterator[bytes]:
        yield b"begun"
        raise ZeroDivisionError

    def fail(environ: dict, start_response: object) -> None:
        raise ZeroDivisionError

    wsgi = TrustedProxies(app.wsgi_app, [])
    # What the app does not catch.
    app.wsgi_app = lambda environ, start: (fail if environ["PATH_INFO"] == "/fail" else wsgi)(environ, start)
    return app


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web") / "log"


@pytest.fixture(scope="module")
def served(log: Path) -> Iterator[Address]:
    """A web server with two threads and little patience: its address."""
    with serving(log) as (address, pid):
        yield address
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0


@contextmanager
def serving(log: Path) -> Iterator[tuple[Address, int]]:
    config = load_config(overrides={"server.port": free_port(), "server.web_processes": 1, "server.threads": 2},
                         environ={})
    listener = web.listen(config)
    run = partial(web.run_web, an_app(), listener, config, when_ready=log.with_name("ready").touch,
                  graceful_seconds=5)
    with pytest.MonkeyPatch.context() as patch:
        for module, name, seconds in ((connection, "HEAD_SECONDS", 1.0), (connection, "SILENCE_SECONDS", 1.0),
                                      (exchange, "GRACE_SECONDS", 1.0)):
            patch.setattr(module, name, seconds)
        with forked(run, log) as pid:
            listener.close()
            wait_until(log.with_name("ready").exists, "the web server")
            yield ("127.0.0.1", config.server.port), pid


def is_answering(address: Address) -> bool:
    return requests.post("http://{}:{}/".format(*address), data=b"abc", timeout=30).text == "3"


def talk(address: Address, sent: bytes) -> bytes:
    """Everything that the server says until it closes the connection."""
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(sent)
        said = b""
        try:
            while data := client.recv(65536):
                said += data
        except ConnectionResetError:
            pass
        return said


class TestSlowClients:
    def test_an_upload_may_take_long_as_long_as_something_comes(self, served: Address) -> None:
        def slowly() -> Iterator[bytes]:
            for _ in range(6):
                time.sleep(0.25)
                yield bytes(1000)

        assert requests.post("http://{}:{}/".format(*served), data=slowly(), timeout=30).text == "6000"

    @pytest.mark.parametrize("sent", [
        b"GET / HTTP/1.1\r\nHo",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTT",
        b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /who HTTP/1.0\r\n\r\n",
        b"nonsense\r\n\r\n",
    ], ids=["head", "small body", "body", "chunk", "head of the next", "answer", "end", "end after nonsense"])
    def test_they_stop_nobody(self, served: Address, sent: bytes) -> None:
        """Thirty times as many as there are threads."""
        with ExitStack() as stack:
            for _ in range(60):
                client = stack.enter_context(socket.create_connection(served))
                client.sendall(sent)
            began = time.monotonic()
            assert all(is_answering(served) for _ in range(5))
            # Far less than they are waited for, were they waited for one after another.
            assert time.monotonic() - began < 20

    def test_nobody_is_waited_for_without_end(self, served: Address) -> None:
        for sent in (b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nabc"):
            assert b"200" not in talk(served, sent)

    def test_a_trickle_is_not_enough(self, served: Address) -> None:
        """Something comes all the time, but it would take days."""
        with socket.create_connection(served, timeout=20) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            deadline = time.monotonic() + 20
            with pytest.raises(OSError):
                while time.monotonic() < deadline:
                    client.sendall(b"x")
                    time.sleep(0.2)

    def test_pieces_of_a_request_make_one(self, served: Address) -> None:
        whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"
        with socket.create_connection(served, timeout=20) as client:
            for _ in range(2):
                for at in range(0, len(whole), 9):
                    client.sendall(whole[at:at + 9])
                    time.sleep(0.01)
                assert heard(client).endswith(b"\r\n\r\n5")
            client.sendall(whole * 3)
            said = b""
            while said.count(b"\r\n\r\n5") < 3:
                said += client.recv(1000)

    def test_a_client_that_waits_to_be_told_to_send(self, served: Address) -> None:
        with socket.create_connection(served, timeout=20) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 100")
            client.sendall(b"abcde")
            assert heard(client).endswith(b"\r\n\r\n5")


def heard(client: socket.socket) -> bytes:
    """An answer of one byte, whole."""
    said = b""
    while b"\r\n\r\n" not in said[:-1]:
        said += client.recv(1000)
    return said


HOST = b"Host: x\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
NEXT = b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

AMBIGUOUS = {
    "length and encoding": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "encoding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde",
    "the same length twice": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\nabcde",
    "a signed length": POST + b"Content-Length: +5\r\n\r\nabcde",
    "a negative length": POST + b"Content-Length: -5\r\n\r\nabcde",
    "a hexadecimal length": POST + b"Content-Length: 0x5\r\n\r\nabcde",
    "a length of other digits": POST + "Content-Length: ²\r\n\r\nab".encode("latin-1"),
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "not chunked in the end": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "no known encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a tab in the encoding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": POST + b"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a header with a line feed": POST + b"X-A: b\nContent-Length: 5\r\n\r\nabcde",
    "a header with a carriage return": POST + b"X-A: b\rContent-Length: 5\r\n\r\nabcde",
    "a header with a NUL": POST + b"X-A: \0\r\n\r\n",
    "a header without a name": POST + b": x\r\n\r\n",
    "a header without a colon": POST + b"Content-Length 5\r\n\r\n",
    "two hosts": POST + b"Host: y\r\nContent-Length: 0\r\n\r\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "another protocol": b"GET / HTTP/3.0\r\n" + HOST + b"\r\n",
    "a line too long": b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header too long": POST + b"X-A: " + b"x" * 9000 + b"\r\n\r\n",
    "too many headers": POST + b"X-A: b\r\n" * 101 + b"\r\n",
    "a head too large": POST + b"X-A: " + b"x" * 200_000,
    "a preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

BAD_CHUNKS = {
    "a signed size": b"+5\r\nabcde\r\n0\r\n\r\n",
    "a hexadecimal prefix": b"0x5\r\nabcde\r\n0\r\n\r\n",
    "a size too small": b"3\r\nabcde\r\n0\r\n\r\n",
    "no line break": b"5\r\nabcdeXX0\r\n\r\n",
    "a line feed in the extension": b"5;a=\nb\r\nabcde\r\n0\r\n\r\n",
    "no size": b"\r\nabcde\r\n0\r\n\r\n",
}


class TestTwoWaysToRead:
    """What a proxy before this server might read as one request and this server as two is refused, and nothing that
    comes after it on the connection is looked at."""

    @pytest.mark.parametrize("name", AMBIGUOUS)
    def test_heads(self, served: Address, name: str) -> None:
        said = talk(served, AMBIGUOUS[name] + NEXT)
        assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431", b"HTTP/1.1 501", b"HTTP/1.1 505")), said
        assert said.count(b"HTTP/1.1 ") == 1, said

    @pytest.mark.parametrize("name", BAD_CHUNKS)
    def test_chunks(self, served: Address, name: str) -> None:
        said = talk(served, POST + b"Transfer-Encoding: chunked\r\n\r\n" + BAD_CHUNKS[name] + NEXT)
        assert said.count(b"HTTP/1.1 ") <= 1, said
        assert b"HTTP/1.1 200" not in said, said

    def test_names_that_become_others(self, served: Address) -> None:
        """To a WSGI app `X_Forwarded_For` is the same as `X-Forwarded-For`, and SCRIPT_NAME what the server says."""
        said = talk(served, b"GET /who HTTP/1.1\r\nHost: x\r\nX_Forwarded_For: 6.6.6.6\r\nSCRIPT_NAME: /who\r\n"
                            b"PATH_INFO: /other\r\nConnection: close\r\n\r\n")
        assert said.endswith(b'["127.0.0.1","","/who","x"]\n')

    def test_the_server_still_runs(self, served: Address) -> None:
        assert is_answering(served)

    def test_requests_that_are_no_requests_are_not_quoted_in_the_log(self, served: Address, log: Path) -> None:
        """Keys are in addresses and headers."""
        before = log.read_text()
        for sent in (b"GET /?key=hidden-key HTTP/1.1 x\r\n\r\n", b"GET /?key=hidden-key HTTP/9\r\n\r\n",
                     b"GET / HTTP/1.1\r\nx api key hidden-key\r\n\r\n", b"hidden-key\r\n\r\n",
                     b"GET /fail?key=hidden-key HTTP/1.1\r\nHost: x\r\n\r\n"):
            assert talk(served, sent).startswith((b"HTTP/1.1 400", b"HTTP/1.1 500")), sent
        text = log.read_text()[len(before):]
        assert text.count("Invalid request from ip=127.0.0.1\n") == 4
        assert "Error handling request\n" in text and "ZeroDivisionError" in text
        assert "hidden-key" not in text


def test_who_takes_long_keeps_nobody_waiting(served: Address) -> None:
    with socket.create_connection(served, timeout=20) as slow:
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in talk(served, b"GET /release HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert heard(slow).endswith(b"1"), "it was let go by the other"


def test_headers_are_those_of_the_request_and_not_of_the_one_before(served: Address) -> None:
    with socket.create_connection(served, timeout=20) as client:
        for host in ("a", "a", "b", "a"):
            client.sendall(f"GET /who HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert heard(client).endswith(f'"{host}"]\n'.encode())
        for _ in range(2):
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
            client.sendall(b"abc")
            assert heard(client).endswith(b"3")
        # The same lines at the end of a body in pieces are no headers.
        for body, size in ((b"3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n", b"3"), (b"1\r\na\r\n0\r\n\r\n", b"1")):
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            assert heard(client).endswith(size)


def test_an_answer_that_breaks_is_seen_to_be_cut_off(served: Address, log: Path) -> None:
    before = log.read_text()
    said = talk(served, b"GET /breaks HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT)
    assert said.startswith(b"HTTP/1.1 200") and said.endswith(b"\r\n5\r\nbegun\r\n"), said
    assert "ZeroDivisionError" in log.read_text()[len(before):]
    assert is_answering(served)


def test_no_file_can_be_opened_any_more(served: Address, log: Path) -> None:
    """Then who asks is preferred to who only might."""
    pid = int(requests.get("http://{}:{}/pid".format(*served), timeout=30).text)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 5, hard))
        stack.callback(resource.prlimit, pid, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(12):
            stack.enter_context(socket.create_connection(served))
        assert is_answering(served)
    assert "no more files can be opened" in log.read_text()


def test_who_asks_while_the_server_ends_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as (address, pid), socket.create_connection(address, timeout=20) as asking, \
            socket.create_connection(address, timeout=20) as idle:
        question = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"

        def ask() -> bytes:
            asking.sendall(question)
            return heard(asking)

        assert b"Connection: keep-alive" in ask()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: b"Connection: close" in ask(), "it to say that this was the last answer")
        assert (asking.recv(1), idle.recv(1)) == (b"", b"")
        asking.close()
        assert status_of(pid) == 0


class Pool:
    """Threads that do the calls that they are given."""

    def __init__(self, few: int, at_once: int = 1) -> None:
        self._todo: SimpleQueue[tuple[Future, Callable, tuple]] = SimpleQueue()
        self.threads = threads.Threads(few, self._todo.get, self._call, at_once=at_once)
        self.threads.start()

    def _call(self, it: tuple[Future, Callable, tuple]) -> None:
        future, function, arguments = it
        future.set_result(function(*arguments))

    def submit(self, function: Callable, *arguments: object) -> Future:
        future: Future = Future()
        self._todo.put((future, function, arguments))
        return future


class TestThreads:
    """By themselves."""

    @pytest.fixture
    def pool(self) -> Pool:
        return Pool(2)

    @pytest.fixture
    def unwatched(self, monkeypatch: pytest.MonkeyPatch) -> Pool:
        """Two threads of which nobody sees how long they take."""
        monkeypatch.setattr(threads, "QUICK_SECONDS", 60.0)
        return Pool(2)

    def test_one_does_all_that_is_quick(self, unwatched: Pool) -> None:
        assert {unwatched.submit(get_ident).result(10) for _ in range(20)} == {unwatched.submit(get_ident).result(10)}
        assert unwatched.threads.count == 1

    def test_as_many_as_are_wanted_in_front(self) -> None:
        pool, together = Pool(3, at_once=2), Barrier(2)
        both = [pool.submit(together.wait, 20) for _ in range(2)]
        assert {each.result(10) for each in both} == {0, 1}
        assert pool.threads.count == 2

    def test_others_go_on_when_one_takes_long_but_few(self, pool: Pool) -> None:
        release = Event()
        for _ in range(3):
            long = [pool.submit(release.wait, 20)]
            assert pool.submit(int, "1").result(10) == 1, "another steps to the front"
            long.append(pool.submit(release.wait, 20))
            late = pool.submit(int, "1")
            time.sleep(0.05)
            assert not late.done(), "two work already"
            assert pool.threads.count == 2
            release.set()
            assert all(each.result(10) for each in (*long, late))
            release.clear()

    def test_who_knows_that_it_takes_long_says_so(self, unwatched: Pool) -> None:
        release = Event()

        def long() -> bool:
            threads.stand_back()
            return release.wait(20)

        waiting = unwatched.submit(long)
        assert unwatched.submit(int, "1").result(10) == 1
        release.set()
        assert waiting.result(10)
        threads.stand_back()

    def test_more_while_they_wait_for_clients(self, unwatched: Pool) -> None:
        release = Event()

        def wait() -> bool:
            with unwatched.threads:
                return release.wait(20)

        waiting = [unwatched.submit(wait) for _ in range(5)]
        assert unwatched.submit(int, "1").result(10) == 1
        assert unwatched.threads.count == 6
        release.set()
        assert all(each.result(10) for each in waiting)

    def test_who_is_not_needed_goes_and_may_be_called_before_that(
            self, unwatched: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(5):
            self.test_more_while_they_wait_for_clients(unwatched)
        assert unwatched.threads.count == 6, "they were called again"
        monkeypatch.setattr(threads, "SPARE_SECONDS", 0.01)
        self.test_more_while_they_wait_for_clients(unwatched)
        wait_until(lambda: unwatched.submit(int, "1").result(10) and unwatched.threads.count == 1, "the others to go")

    def test_no_end_of_waiting(self, unwatched: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threads, "MOST_WAITING", 3)
        release = Event()

        def wait() -> bool:
            with unwatched.threads:
                return release.wait(20)

        waiting = [unwatched.submit(wait) for _ in range(9)]
        time.sleep(0.05)
        assert unwatched.threads.count == 5
        release.set()
        assert all(each.result(10) for each in waiting)

    def test_nobody_is_watched_while_nothing_happens(self, pool: Pool) -> None:
        assert pool.submit(int, "1").result(10) == 1
        wait_until(lambda: not pool.threads._stirs.is_set(), "the watch to rest")
        release = Event()
        long = pool.submit(release.wait, 20)
        assert pool.submit(int, "1").result(10) == 1, "it is awake again"
        release.set()
        assert long.result(10)


class TestClientSocket:
    @pytest.fixture
    def ends(self) -> Iterator[tuple[client_socket.ClientSocket, socket.socket]]:
        """The server's end and the client's."""
        ours, theirs = socket.socketpair()
        with client_socket.ClientSocket.of(ours, threads.Threads(0, int, int)) as own, theirs:
            theirs.settimeout(20)
            yield own, theirs

    def test_what_is_held_leaves_with_what_comes_next(self, ends: tuple, tmp_path: Path) -> None:
        own, theirs = ends
        own.hold(b"head ")
        own.sendall(b"body")
        assert theirs.recv(100) == b"head body"
        own.hold(b"head")
        own.flush()
        own.flush()
        assert theirs.recv(100) == b"head"
        own.hold(b"head ")
        own.send_parts(b"one ", b"", b"two")
        assert theirs.recv(100) == b"head one two"
        own.send_parts(b"three")
        assert theirs.recv(100) == b"three"
        path = tmp_path / "file"
        path.write_bytes(b"0123456789")
        own.hold(b"head ")
        with path.open("rb") as file:
            assert own.sendfile(file, 2, 5) == 5
            assert own.sendfile(file, 8) == 2
            assert own.sendfile(file, 8, 100) == 2
        assert theirs.recv(100) == b"head 234568989"

    def test_it_waits_for_the_client_and_not_for_ever(self, ends: tuple) -> None:
        own, theirs = ends
        data = os.urandom(4_000_000)
        got = bytearray()

        def take() -> None:
            while len(got) < 2 * (len(data) + 4):
                got.extend(theirs.recv(65536))

        taker = Thread(target=take)
        taker.start()
        own.hold(b"head")
        own.sendall(data)
        own.hold(b"more")
        own.send_parts(data[:1_000_000], data[1_000_000:])
        taker.join(20)
        assert bytes(got) == b"head" + data + b"more" + data
        own.settimeout(0.05)
        with pytest.raises(TimeoutError):
            own.recv(1)
        with pytest.raises(TimeoutError):
            own.sendall(data)
        with pytest.raises(TimeoutError):
            own.send_parts(data)


class TestWhoIsGivenUp:
    @pytest.fixture
    def clients(self) -> Iterator[list[tuple[SimpleNamespace, socket.socket]]]:
        """Three connections that are waited for, the first for the longest time: the server's side and the client's."""
        pairs = []
        with ExitStack() as stack:
            for number in range(3):
                ours, theirs = socket.socketpair()
                own = stack.enter_context(client_socket.ClientSocket.of(ours, threads.Threads(0, int, int)))
                stack.enter_context(theirs).setblocking(False)
                pairs.append((SimpleNamespace(number=number, sock=own, deadline=0.0, parting=False), theirs))
            yield pairs

    def worker(self, clients: list) -> SimpleNamespace:
        worker = SimpleNamespace(_waiting={conn.number: conn for conn, _ in clients}, notify=lambda: None,
                                 _slack=SimpleNamespace(give_back=lambda: None))
        worker._give_up = partial(web_worker.Worker._give_up, worker)
        return worker

    def is_shut(self, client: socket.socket) -> bool:
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False

    def test_a_full_server_closes_who_has_asked_nothing_for_the_longest_time(self, clients: list) -> None:
        worker = self.worker(clients)
        clients[0][1].sendall(b"GET")
        for expected in ([False, True, False], [False, True, True], [False, True, True]):
            web_worker.Worker._make_room(worker)
            assert [self.is_shut(client) for _, client in clients] == expected

    def test_not_who_waits_for_a_free_thread(self, clients: list) -> None:
        worker = self.worker(clients)
        clients[0][1].sendall(b"GET")
        clients[1][0].deadline = time.monotonic() + 60
        web_worker.Worker._look_around(worker)
        assert [self.is_shut(client) for _, client in clients] == [False, False, True]
        clients[0][0].parting = True
        web_worker.Worker._look_around(worker)
        assert [self.is_shut(client) for _, client in clients] == [True, False, True]
