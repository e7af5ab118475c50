"""`immich-flask serve`, as an operator meets it: a process tree that starts at once and ends as a whole."""

from __future__ import annotations

import io
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from immich_flask.core.settings import FRESH_SECONDS
from immich_flask.infra.config import Config
from immich_flask.testing.callers import photo
from immich_flask.testing.fixtures import Backend
from tests.core.programs import Program, children_of, free_port, is_running, tree_of, wait_until

BUSY_START_SECONDS = 10.0
"""Alone on a machine it takes less than a second; tests run beside others."""


@pytest.fixture
def config(backend: Backend) -> Config:
    """An empty place; nothing is migrated."""
    config = backend.config(**{"queue.url": "", "server.port": free_port()})
    if backend.kind == "postgres":
        backend.postgres.create_database(urlsplit(config.database.url).path[1:])
    return config


@contextmanager
def serving(folder: Path, config: Config, *arguments: str) -> Iterator[Program]:
    with Program(folder, "immich_flask.cli", "serve", *arguments, config=config) as program:
        program.expect("is listening on")
        yield program


def url(config: Config, path: str) -> str:
    return f"http://127.0.0.1:{config.server.port}{path}"


def answers(config: Config) -> bool:
    return requests.get(url(config, "/api/server/ping"), timeout=10).json() == {"res": "pong"}


def ended(pids: list[int]) -> bool:
    return not any(map(is_running, pids))


def test_an_empty_place_is_enough(config: Config, tmp_path: Path) -> None:
    with serving(tmp_path, config) as program:
        assert f"http://127.0.0.1:{config.server.port}\n" in program.output
        assert answers(config)
        assert time.monotonic() - program.started_at < BUSY_START_SECONDS
        assert "applied core/0001_initial" in program.output
        count = 1 + 1 + config.server.web_processes + config.queue.workers
        pids = wait_until(lambda: len(tree_of(program.pid)) == count and tree_of(program.pid), "all processes")
        program.interrupt()
        assert program.process.wait(10) == 0
        assert ended(pids)
    with serving(tmp_path, config) as program:
        assert answers(config)
        assert "applied" not in program.output
        assert program.end() == 0
    assert "Traceback" not in program.output


@pytest.mark.once
def test_options_win(config: Config, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "some" / "where"
    with serving(tmp_path, config, "--port", str(port), "--data-dir", str(folder), "--host", "0.0.0.0") as program:
        assert f"http://0.0.0.0:{port}" in program.output
        assert requests.get(f"http://127.0.0.1:{port}/api/server/ping", timeout=10).ok
        assert (folder / "queue.db").exists() or config.database.url


@pytest.mark.once
def test_who_dies_is_replaced(config: Config, tmp_path: Path) -> None:
    count = 1 + 1 + config.server.web_processes + config.queue.workers
    with serving(tmp_path, config) as program:
        wait_until(lambda: len(tree_of(program.pid)) == count, "all processes")
        web, worker, _ = children_of(program.pid)
        os.kill(worker, signal.SIGKILL)
        program.expect("worker . was killed by SIGKILL: starting it again")
        os.kill(web, signal.SIGKILL)
        program.expect("web server was killed by SIGKILL: starting it again")
        # The socket stays open meanwhile: nobody is refused.
        assert answers(config)
        wait_until(lambda: len(tree_of(program.pid)) == count, "all to be there again")


@pytest.mark.once
def test_nothing_is_left_when_the_top_is_killed(config: Config, tmp_path: Path) -> None:
    with serving(tmp_path, config) as program:
        pids = tree_of(program.pid)
        program.process.kill()
        program.process.wait()
        wait_until(lambda: ended(pids), "the others to end")
    with serving(tmp_path, config):
        assert answers(config)


@pytest.mark.once
def test_a_running_request_is_finished(config: Config, tmp_path: Path) -> None:
    with serving(tmp_path, config) as program, socket.create_connection(("127.0.0.1", config.server.port)) as client:
        body = b'{"email": "nobody@test.example", "password": "x"}'
        client.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body[:10])
        time.sleep(0.3)
        program.process.terminate()
        time.sleep(0.5)
        client.sendall(body[10:])
        assert b"HTTP/1.1 " in client.recv(1000)
        assert program.process.wait(10) == 0


@pytest.mark.once
def test_clients_that_say_nothing_take_no_thread(config: Config, tmp_path: Path) -> None:
    with serving(tmp_path, config) as program:
        silent = [socket.create_connection(("127.0.0.1", config.server.port))
                  for _ in range(4 * config.server.threads * config.server.web_processes)]
        begun_at = time.monotonic()
        assert answers(config)
        assert time.monotonic() - begun_at < 10
        assert program.end() == 0
        for client in silent:
            client.close()


@pytest.mark.once
def test_a_taken_port_is_one_clear_line(config: Config, tmp_path: Path) -> None:
    with (socket.create_server(("127.0.0.1", config.server.port)),
          Program(tmp_path, "immich_flask.cli", "serve", config=config) as program):
        assert program.process.wait(30) == 2
    assert program.output == (f"immich-flask: cannot listen on 127.0.0.1:{config.server.port}: Address already in use; "
                              f"choose another --host or --port\n")


def test_a_worker_needs_a_migrated_database(config: Config, tmp_path: Path) -> None:
    with Program(tmp_path, "immich_flask.cli", "worker", config=config) as program:
        assert program.process.wait(30) == 2
    assert "the database lacks core/0001_initial" in program.output
    assert "run immich-flask migrate" in program.output
    with Program(tmp_path, "immich_flask.cli", "migrate", config=config) as program:
        assert program.process.wait(30) == 0
    with Program(tmp_path, "immich_flask.cli", "worker", config=config) as program:
        program.expect("running jobs in 2 processes")
        wait_until(lambda: len(tree_of(program.pid)) == 3, "two workers")
        assert program.end() == 0


def test_settings_act_in_every_process_within_a_second(config: Config, tmp_path: Path) -> None:
    """Of two web servers and two workers, all but one learn from the database what the administrator has changed."""
    with serving(tmp_path, config):
        admin = requests.Session()
        account = {"email": "ann@test.example", "name": "Ann", "password": "open sesame"}
        assert admin.post(url(config, "/api/auth/admin-sign-up"), json=account).status_code == 201
        assert admin.post(url(config, "/api/auth/login"), json=account).status_code == 201

        def upload() -> str:
            answer = admin.post(url(config, "/api/assets"), files={"assetData": ("a.jpg", photo(600, 400))}, data={
                "fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-15T10:00:00.000Z"})
            return answer.json()["id"]

        def height(asset: str) -> int:
            thumbnail = wait_until(lambda: (answer := admin.get(url(config, f"/api/assets/{asset}/thumbnail"))).ok
                                   and answer.content, "the thumbnail")
            return Image.open(io.BytesIO(thumbnail)).height

        # Both have read what was there before.
        assert [height(upload()) for _ in range(3)] == [250] * 3
        settings = admin.get(url(config, "/api/system-config")).json()
        settings["server"]["loginPageMessage"] = "hello"
        settings["image"]["thumbnail"]["size"] = 100
        assert admin.put(url(config, "/api/system-config"), json=settings).status_code == 200
        time.sleep(FRESH_SECONDS)
        # A connection each, so that both web servers take some.
        answers = [requests.get(url(config, "/api/server/config"), timeout=10).json() for _ in range(20)]
        assert {answer["loginPageMessage"] for answer in answers} == {"hello"}
        assert [height(upload()) for _ in range(3)] == [100] * 3
