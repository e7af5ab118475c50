"""A served server, and official clients from npm to drive it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from immich_flask.testing.fixtures import Backend
from tests.core.programs import Program, free_port

PACKAGES = ("node@24", "@immich/cli@3.2.2", "@immich/sdk@3.1.0", "socket.io-client@4")
"""The official clients, and a Node that is new enough for them (the npm package carries the program)."""

PASSWORD = "Sesame-Open-1"


@dataclass(frozen=True)
class Served:
    """A real server on a port of its own. `key` is an API key of its administrator that may do everything.

    `user()` is the same server for a new user: `email`, and a `key` that may do all that the user may. `program` is the
    tree of its processes.
    """

    url: str
    key: str
    email: str
    program: Program | None = field(default=None, compare=False, repr=False)

    def get(self, path: str, **query: str) -> object:
        response = requests.get(f"{self.url}{path}", headers={"x-api-key": self.key}, params=query, timeout=30)
        response.raise_for_status()
        return response.json()

    def user(self) -> Served:
        who = {"email": f"{uuid.uuid4()}@test.example", "password": PASSWORD, "name": "User"}
        made = requests.post(f"{self.url}/admin/users", headers={"x-api-key": self.key}, json=who, timeout=30)
        made.raise_for_status()
        return Served(self.url, _api_key(self.url, who), who["email"], self.program)


@contextmanager
def serving(backend: Backend, folder: Path, *, web_app: str | None = None) -> Iterator[tuple[str, Program]]:
    """`immich-flask serve` as an operator starts it, on the backend under test, without users yet: its address, and the
    tree of its processes, whose log is in `folder`. `web_app`: what `immich-flask web install` installs first."""
    config = backend.config(**{"queue.url": "", "server.port": free_port()})
    if backend.kind == "postgres":
        backend.postgres.create_database(urlsplit(config.database.url).path[1:])
    if web_app:
        subprocess.run([sys.executable, "-m", "immich_flask.cli", "web", "install", web_app], check=True,
                       capture_output=True, env={**os.environ, "IMMICH_FLASK_DATA_DIR": config.data_dir})
    with Program(folder, "immich_flask.cli", "serve", config=config) as program:
        program.expect("is listening on")
        yield f"http://127.0.0.1:{config.server.port}", program
        assert program.end() == 0, program.output


@pytest.fixture(scope="session")
def served(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with an administrator, for all tests of clients. With `TEST_CLUSTER=1` and PostgreSQL it is two web servers
    and three workers, of which each request meets another one."""
    folder = tmp_path_factory.mktemp("served")
    if os.environ.get("TEST_CLUSTER") and backend.kind == "postgres":
        from tests.reliability.cluster import cluster

        with cluster(backend, folder) as place:
            yield sign_up(place.url, place.webs[0])
        return
    with serving(backend, folder) as (url, program):
        yield sign_up(f"{url}/api", program)


def sign_up(url: str, program: Program) -> Served:
    who = {"email": "admin@test.example", "password": PASSWORD, "name": "Admin"}
    requests.post(f"{url}/auth/admin-sign-up", json=who, timeout=30).raise_for_status()
    return Served(url, _api_key(url, who), who["email"], program)


def _api_key(url: str, who: dict[str, str]) -> str:
    token = requests.post(f"{url}/auth/login", json=who, timeout=30).json()["accessToken"]
    made = requests.post(f"{url}/api-keys", json={"name": "client", "permissions": ["all"]}, timeout=30,
                         headers={"Authorization": f"Bearer {token}"})
    return made.json()["secret"]


@pytest.fixture(scope="session")
def npm_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the clients' programs; installed once per test run, whichever process is the first."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here to install the official clients with")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "npm"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / "done").exists():
            installed = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES],
                                       capture_output=True, text=True, timeout=300)
            if installed.returncode:
                pytest.skip(f"the official clients cannot be installed: {installed.stderr[-500:]}")
            done.touch()
    return folder / "node_modules" / ".bin"
