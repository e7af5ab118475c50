"""Clients of several processes, many clients, and the end of either; and web servers that operators start themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from immich_flask.core.plugins import Plugins
from immich_flask.testing.fixtures import Backend
from tests.core.programs import Program, children_of, free_port, wait_until
from tests.plugins.realtime.clients import Account, Client, Node
from tests.serving import Served, sign_up

MANY = 200

WEB_THREADS = 8


def web_processes(served: Served) -> list[int]:
    """Gunicorn's workers: the children of the one that has any."""
    return next(below for child in children_of(served.program.pid) if (below := children_of(child)))


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def sockets_of(pid: int) -> int:
    def target(name: str) -> str:
        try:
            return os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            return ""

    return sum(target(name).startswith("socket:") for name in os.listdir(f"/proc/{pid}/fd"))


@contextmanager
def many(account: Account, node: Node, count: int) -> Iterator[list[Client]]:
    clients = [node.open(account.served.url, extraHeaders=account.headers) for _ in range(count)]
    for client in clients:
        client.wait("on_server_version")
    yield clients
    for client in clients:
        client.close()


def test_many_clients_in_all_processes(account: Account, node: Node) -> None:
    """They cost no threads, and everyone hears from whatever process something happens in."""
    processes = web_processes(account.served)
    before = {pid: sockets_of(pid) for pid in processes}
    with many(account, node, MANY) as clients:
        assert min(sockets_of(pid) - before[pid] for pid in processes) > 0
        # Those of requests; the main one; the loop, the reader.
        assert max(map(threads_of, processes)) <= WEB_THREADS + 1 + 2 + 1
        asset = account.upload()
        for client in clients:
            assert client.wait("on_upload_success")[0]["id"] == asset
        account.call("DELETE", "/assets", {"ids": [asset]})
        for client in clients:
            assert client.wait("on_asset_trash") == [[asset]]
    # Some to PostgreSQL may have been opened meanwhile, at most as many as its pool has.
    wait_until(lambda: all(sockets_of(pid) - before[pid] < 20 for pid in processes), "all to be closed")


def test_clients_come_back(account: Account, node: Node) -> None:
    with many(account, node, 6) as clients:
        for pid in web_processes(account.served):
            os.kill(pid, signal.SIGKILL)
        for client in clients:
            client.wait("(disconnect)")
            client.wait("on_server_version", count=2)
        asset = account.upload()
        for client in clients:
            assert client.wait("on_upload_success")[0]["id"] == asset


@pytest.mark.parametrize("options", [
    ("--threads", "2"), ("--worker-class", "sync"),
    ("--worker-class", "immich_flask.infra.http.web_worker.Worker", "--threads", "2", "--max-requests", "1000"),
], ids=["threads", "sync", "ours"])
@pytest.mark.once
def test_a_gunicorn_of_ones_own(backend: Backend, node: Node, tmp_path: Path, options: tuple[str, ...]) -> None:
    """It ends at once though clients are connected, and they notice."""
    config = backend.config(**{"queue.url": "", "server.port": free_port()})
    backend.migrated(config, Plugins(config))
    root = Path(__file__).resolve().parents[3]
    with Program(tmp_path, "gunicorn", "--chdir", str(root), "--bind", f"127.0.0.1:{config.server.port}", *options,
                 "wsgi:app", config=config) as program:
        program.expect("Booting worker")
        account = Account(sign_up(f"http://127.0.0.1:{config.server.port}/api", program))
        with many(account, node, 5) as clients:
            tag = account.upload()
            account.call("DELETE", "/assets", {"ids": [tag]})
            for client in clients:
                assert client.wait("on_asset_trash") == [[tag]]
            program.process.terminate()
            for client in clients:
                assert client.wait("(disconnect)")[0].startswith("transport")
            assert program.process.wait(15) == 0, program.output
    assert "Traceback" not in program.output


