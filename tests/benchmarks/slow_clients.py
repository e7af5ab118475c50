"""How long everybody else waits while many clients are slow on purpose; seconds of `GET /api/server/ping`.

    python -m tests.benchmarks.slow_clients [--clients 200]

Starts a server as an operator does, and for each kind of slowness holds that many connections meanwhile.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import requests

from immich_flask.infra.config import load_config
from tests.core.programs import Program, free_port

PASSWORD = "Sesame-Open-1"
PATIENCE = 20.0
ASKED = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="slow-") as folder:
        config = load_config(overrides={"data_dir": folder, "server.port": free_port()}, environ={})
        with Program(Path(folder), "immich_flask.cli", "serve", config=config) as program:
            program.expect("is listening on")
            address = ("127.0.0.1", config.server.port)
            kinds = {"nobody": b"", **requests_of(address)}
            for name, sent in kinds.items():
                print(f"{name:32} {measured(address, sent, options.clients if sent else 0)}", flush=True)


def requests_of(address: tuple[str, int]) -> dict[str, bytes]:
    url = "http://{}:{}/api".format(*address)
    who = {"email": "ann@test.example", "name": "Ann", "password": PASSWORD}
    requests.post(f"{url}/auth/admin-sign-up", json=who, timeout=30).raise_for_status()
    token = requests.post(f"{url}/auth/login", json=who, timeout=30).json()["accessToken"]
    login = {"Authorization": f"Bearer {token}"}
    film = requests.post(f"{url}/assets", headers=login, timeout=60, files={"assetData": ("a.mp4", bytes(40 * 1024**2))},
                         data=dict.fromkeys(("fileCreatedAt", "fileModifiedAt"), "2023-06-15T10:00:00.000Z")).json()["id"]
    head = f"Host: x\r\nAuthorization: Bearer {token}\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="assetData"; filename="a.jpg"\r\n\r\nabc'
    return {name: text.encode() for name, text in {
        "half a head": "GET /api/server/ping HTTP/1.1\r\nHo",
        "half a small body": "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                             "Content-Length: 60\r\n\r\n{\"email\"",
        "half a large body": "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                             "Content-Length: 900000\r\n\r\n{\"email\"",
        "an upload that stands still": f"POST /api/assets HTTP/1.1\r\n{head}Content-Type: multipart/form-data; boundary=b\r\n"
                                       f"Content-Length: 900000\r\n\r\n{part}",
        "a film that was paused": f"GET /api/assets/{film}/original HTTP/1.1\r\n{head}\r\n",
        "an answer, and no hanging up": "GET /api/server/ping HTTP/1.0\r\n\r\n",
    }.items()}


def measured(address: tuple[str, int], sent: bytes, clients: int) -> str:
    with ExitStack() as stack:
        for _ in range(clients):
            client = stack.enter_context(socket.create_connection(address, timeout=PATIENCE))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(sent)
        time.sleep(0.5 if clients else 0)
        took = []
        for _ in range(ASKED):
            began = time.monotonic()
            try:
                requests.get("http://{}:{}/api/server/ping".format(*address), timeout=PATIENCE)
            except requests.RequestException:
                return f"no answer within {PATIENCE:.0f} s"
            took.append(time.monotonic() - began)
        return f"median {statistics.median(took):.3f} s, longest {max(took):.3f} s"


if __name__ == "__main__":
    main()
