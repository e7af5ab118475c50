"""The supervisor of a process tree, and the web server below it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests
from flask import Flask, request

from immich_flask.infra.config import load_config
from immich_flask.infra.http import server as web
from immich_flask.infra.processes import Supervisor
from tests.core.programs import children_of, fork, free_port, is_running, tree_of, wait_until


@contextmanager
def forked(run: Callable[[], int | None], log: Path) -> Iterator[int]:
    """A process that runs `run` and logs to `log`; killed with all below it in the end."""
    pid = fork()
    if not pid:
        status = 1
        try:
            logging.basicConfig(filename=log, force=True)
            status = run() or 0
        except SystemExit as exit:
            status = exit.code
        finally:
            os._exit(status)
    try:
        yield pid
    finally:
        if is_running(pid):
            for process in tree_of(pid):
                os.kill(process, signal.SIGKILL)
            os.waitpid(pid, 0)


def status_of(pid: int) -> int:
    """The exit status of a process that ends soon."""
    wait_until(lambda: not is_running(pid), "its end")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forever() -> None:
    time.sleep(60)


def test_a_child_that_cannot_be_kept_ends_everything(tmp_path: Path) -> None:
    def fail() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")
        raise ValueError("no good")

    with forked(Supervisor({"good": forever, "bad": fail}).run, tmp_path / "log") as pid:
        good = wait_until(lambda: children_of(pid), "children")[0]
        assert status_of(pid) == 1
        assert not is_running(good)
    assert (tmp_path / "starts").read_text() == "xxxxx"
    log = (tmp_path / "log").read_text()
    assert "ValueError: no good" in log
    assert "bad failed with status 1 for the 5. time in a row: giving up" in log


def test_a_child_that_is_killed_again_and_again_is_not_given_up(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immich_flask.infra.processes.LONGEST_PAUSE", 0.01)

    def die() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)

    with forked(Supervisor({"good": forever, "bad": die}).run, tmp_path / "log") as pid:
        good = wait_until(lambda: children_of(pid), "children")[0]
        wait_until(lambda: (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) > 6, "seven")
        assert is_running(good)
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0


def test_a_child_that_wants_to_begin_afresh_does_so_at_once(tmp_path: Path) -> None:
    def once() -> None:
        with (tmp_path / "starts").open("a") as file:
            file.write("x")

    with forked(Supervisor({"short": once}).run, tmp_path / "log") as pid:
        wait_until(lambda: (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) > 10, "eleven")
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
    assert (tmp_path / "log").read_text() == ""


def test_a_child_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immich_flask.infra.processes.GRACE_SECONDS", 0.3)

    def deaf() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / "deaf").touch()
        forever()

    with forked(Supervisor({"deaf": deaf}).run, tmp_path / "log") as pid:
        wait_until((tmp_path / "deaf").exists, "the child")
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0
    assert "killed: deaf" in (tmp_path / "log").read_text()


def test_a_child_that_ends_together_with_everything_is_not_waited_for(tmp_path: Path) -> None:
    with forked(Supervisor({"child": forever}).run, tmp_path / "log") as pid:
        child, = wait_until(lambda: children_of(pid), "the child")
        begun_at = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        assert status_of(pid) == 0
        assert time.monotonic() - begun_at < 10


def test_who_interrupts_twice_means_it(tmp_path: Path) -> None:
    def deaf() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / "deaf").touch()
        forever()

    with forked(Supervisor({"deaf": deaf}).run, tmp_path / "log") as pid:
        wait_until((tmp_path / "deaf").exists, "the child")
        os.kill(pid, signal.SIGINT)
        time.sleep(0.3)
        assert is_running(pid)
        os.kill(pid, signal.SIGINT)
        assert status_of(pid) == 0


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A web server with two threads and little patience: its address."""
    monkeypatch.setattr(web, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(web, "SILENCE_SECONDS", 1.0)
    config = load_config(overrides={"server.port": free_port(), "server.web_processes": 1, "server.threads": 2},
                         environ={})
    app = Flask(__name__)

    @app.post("/")
    def size() -> str:
        return str(len(request.stream.read()))

    @app.get("/large")
    def large() -> bytes:
        return bytes(64 * 1024 * 1024)

    def fail(environ: dict, start_response: object) -> None:
        raise ZeroDivisionError

    wsgi = app.wsgi_app
    # What the app does not catch.
    app.wsgi_app = lambda environ, start: (fail if environ["PATH_INFO"] == "/fail" else wsgi)(environ, start)
    listener = web.listen(config)
    run = partial(web.run_web, app, listener, config, when_ready=(tmp_path / "ready").touch,
                  graceful_seconds=5)
    with forked(run, tmp_path / "log") as pid:
        listener.close()
        wait_until((tmp_path / "ready").exists, "the web server")
        yield "127.0.0.1", config.server.port
        os.kill(pid, signal.SIGTERM)
        assert status_of(pid) == 0


def test_an_upload_may_take_long_as_long_as_something_comes(served: tuple[str, int]) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(10):
            time.sleep(0.25)
            yield bytes(1000)

    host, port = served
    assert requests.post(f"http://{host}:{port}/", data=slowly(), timeout=30).text == "10000"


@pytest.mark.parametrize("sent", [
    b"GET / HTTP/1.1\r\nHo",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
    b"GET /large HTTP/1.0\r\n\r\n",
], ids=["head", "body", "answer"])
def test_clients_that_fall_silent_do_not_keep_their_thread(served: tuple[str, int], sent: bytes) -> None:
    silent = [socket.create_connection(served) for _ in range(4)]
    for client in silent:
        client.sendall(sent)
    time.sleep(0.2)
    host, port = served
    assert requests.post(f"http://{host}:{port}/", data=b"abc", timeout=30).text == "3"
    for client in silent:
        client.close()


def test_requests_that_are_no_requests_are_not_quoted_in_the_log(served: tuple[str, int], tmp_path: Path) -> None:
    """Keys are in addresses and headers."""
    for sent in (b"GET /?key=hidden-key HTTP/1.1 x\r\n\r\n", b"GET /?key=hidden-key HTTP/9\r\n\r\n",
                 b"GET / HTTP/1.1\r\nx api key hidden-key\r\n\r\n", b"hidden-key\r\n\r\n",
                 b"GET /fail?key=hidden-key HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection(served) as client:
            client.sendall(sent)
            assert client.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 500")), sent
    text = (tmp_path / "log").read_text()
    assert text.count("Invalid request from ip=127.0.0.1\n") == 4
    assert "Error handling request\n" in text and "ZeroDivisionError" in text
    assert "hidden-key" not in text
