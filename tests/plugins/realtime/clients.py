"""Official clients' Socket.IO (`socket.io-client` from npm), many of them in one Node; and accounts that make things
happen on a served server."""

from __future__ import annotations

import itertools
import subprocess
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from immich_flask.testing import photo
from tests.core.programs import PATIENCE
from tests.serving import PASSWORD, Served

CONNECT, DISCONNECT, FAILURE = "(connect)", "(disconnect)", "(connect_error)"
FOR_EVERYBODY = {"on_config_update", "on_user_delete"}


class Node:
    """One Node with any number of clients."""

    def __init__(self, npm_packages: Path) -> None:
        self._process = subprocess.Popen(
            [npm_packages / "node", Path(__file__).with_name("listener.js")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={"NODE_PATH": str(npm_packages.parent)})
        self._clients: dict[int, Client] = {}
        self._serial = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    def open(self, url: str, **options: Any) -> Client:
        """A new client, which connects to the server of this API address. options: `extraHeaders`, `query`, ..."""
        client = Client(self, next(self._serial))
        self._clients[client.id] = client
        self.order("open", client, url="http://" + urlsplit(url).netloc, options=options)
        return client

    def order(self, do: str, client: Client, **more: Any) -> None:
        self._process.stdin.write(orjson.dumps({"do": do, "id": client.id, **more}) + b"\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            said = orjson.loads(line)
            self._clients[said["id"]].hear(said["event"], said["args"], said["at"])


class Client:
    """What one of them has heard: `(event, arguments, when)`, in order."""

    def __init__(self, node: Node, id: int) -> None:
        self.node, self.id = node, id
        self.heard: list[tuple[str, list, float]] = []
        self._news = threading.Condition()

    def hear(self, event: str, arguments: list, at: float) -> None:
        with self._news:
            self.heard.append((event, arguments, at))
            self._news.notify_all()

    def wait(self, event: str, fits: Callable[..., bool] = lambda *_: True, count: int = 1) -> list:
        """The arguments of an event that fits, once it was heard `count` times."""
        def found() -> list[list]:
            return [arguments for name, arguments, _ in self.heard if name == event and fits(*arguments)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, PATIENCE), (event, self.heard)
            return found()[count - 1]

    def names(self) -> list[str]:
        """Of the server's events that are not for everybody: those come from what other tests do, too, at any time."""
        return [name for name, _, _ in self.heard if name[0] != "(" and name not in FOR_EVERYBODY]

    def close(self) -> None:
        self.node.order("close", self)


class Account:
    """A user of a served server, logged in once."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.email = f"{uuid.uuid4()}@test.example"
        made = requests.post(f"{served.url}/admin/users", headers={"x-api-key": served.key}, timeout=30,
                             json={"email": self.email, "password": PASSWORD, "name": "User"})
        self.id = made.json()["id"]
        self.token = self.login()
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def login(self) -> str:
        """Another token."""
        return requests.post(f"{self.served.url}/auth/login", timeout=30,
                             json={"email": self.email, "password": PASSWORD}).json()["accessToken"]

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        response = requests.request(method, f"{self.served.url}{path}", json=body, timeout=60,
                                    **{"headers": self.headers, **options})
        assert response.ok, (path, response.status_code, response.text)
        return response.json() if response.content and "json" in response.headers["Content-Type"] else None

    def upload(self, content: bytes | None = None, name: str = "photo.jpg", **fields: str) -> str:
        moment = "2023-06-15T10:00:00.000Z"
        return self.call("POST", "/assets", data={"fileCreatedAt": moment, "fileModifiedAt": moment, "filename": name,
                                                  **fields}, files={"assetData": (name, content or photo())})["id"]

    def sync(self, *types: str) -> list[dict]:
        response = requests.post(f"{self.served.url}/sync/stream", json={"types": types}, headers=self.headers,
                                 timeout=60)
        return [orjson.loads(line) for line in response.text.splitlines()]

    def client(self, node: Node) -> Client:
        """One that is connected."""
        client = node.open(self.served.url, extraHeaders=self.headers)
        client.wait("on_server_version")
        return client
