"""From a wheel to a purged database: what an operator does with a plugin of somebody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from immich_flask.infra.db import connect_database, connected
from immich_flask.infra.parts import schema
from immich_flask.testing import photo
from immich_flask.testing.fixtures import Backend
from tests.core.programs import Program, environment_of, free_port, wait_until
from tests.examples.conftest import EXAMPLE
from tests.examples.environment import Environment, build_wheel

PLUGIN = "favorites_digest"

PASSWORD = "Sesame-Open-1"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    environment = Environment(tmp_path / "venv")
    environment.install(build_wheel(EXAMPLE, tmp_path / "dist"))
    return environment


class Client:
    """The administrator of a served server."""

    def __init__(self, url: str) -> None:
        self.url, self.headers = f"{url}/api", {}

    def __call__(self, method: str, path: str, status: int = 200, **options: object) -> object:
        response = requests.request(method, f"{self.url}{path}", headers=self.headers, timeout=30, **options)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def sign_in(self, *, new: bool) -> Client:
        who = {"email": "admin@test.example", "password": PASSWORD, "name": "Admin"}
        if new:
            self("POST", "/auth/admin-sign-up", 201, json=who)
        self.headers = {"Authorization": f"Bearer {self('POST', '/auth/login', 201, json=who)['accessToken']}"}
        return self

    def upload_favorite(self) -> str:
        dates = dict.fromkeys(("fileCreatedAt", "fileModifiedAt"), "2023-06-15T10:00:00.000Z")
        made = self("POST", "/assets", 201, data={**dates, "isFavorite": "true"}, files={"assetData": ("a.jpg", photo())})
        return made["id"]


def test_the_life_of_a_plugin(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    config = backend.config(**{"queue.url": "", "server.port": free_port(), "server.web_processes": 1,
                               "queue.workers": 1})
    if backend.kind == "postgres":
        backend.postgres.create_database(backend._name(config))
    file = tmp_path / "config.toml"
    file.write_text(f'[plugin.{PLUGIN}]\nkeep = 3  # enough\n')
    environ = {key: value for key, value in environment_of(config).items() if "PLUGINS__" not in key}
    environ["IMMICH_FLASK_CONFIG"] = str(file)

    def program(*arguments: str, status: int = 0) -> str:
        return environment.run("-m", "immich_flask.cli", *arguments, status=status, **environ)

    def serving() -> Program:
        return Program(tmp_path, "immich_flask.cli", "serve", python=environment.python, **environ)

    def row() -> list[str]:
        return next((line.split() for line in program("plugins", "list").splitlines() if line.startswith(PLUGIN)), [])

    def tables() -> set[str]:
        connect_database(config)
        with connected() as database:
            found = {part.name for part in schema(database)}
        database.close_all()
        return {name for name in found if PLUGIN in name}

    assert row() == [PLUGIN, "1.0", "enabled"]
    assert f"applied {PLUGIN}/0001_initial\n" in program("migrate")
    assert program("migrate", "--check") == "the database is up to date\n"
    url = f"http://127.0.0.1:{config.server.port}"
    with serving() as server:
        server.expect("is listening on")
        client = Client(url).sign_in(new=True)
        asset = client.upload_favorite()
        made = client("POST", "/favorites-digests", 201)
        assert [found["id"] for found in made["assets"]] == [asset]
        assert "/api/favorites-digests" in client("GET", "/openapi.json")["paths"]
        # By a job, which a worker of this server runs.
        client.upload_favorite()
        assert program("favorites-digest") == "admin@test.example: 1 new favourite\n"
        wait_until(lambda: len(client("GET", "/favorites-digests")) == 2, "the job to make a digest")
        assert server.end() == 0
    assert f"plugin {PLUGIN} is enabled" in program("plugins", "purge", PLUGIN, "--yes", status=2)

    program("plugins", "disable", PLUGIN)
    assert row() == [PLUGIN, "1.0", "disabled"]
    assert "No such command" in program("favorites-digest", status=2)
    with serving() as server:
        server.expect("is listening on")
        client = Client(url).sign_in(new=False)
        assert client("GET", "/favorites-digests", 404) == {"message": "Cannot GET /api/favorites-digests"}
        client("PUT", "/assets", 204, json={"ids": [asset], "isFavorite": False})
        assert server.end() == 0
    assert tables() >= {"favorites_digest", "favorites_digest_mark", "favorites_digest_asset"}, "nothing is lost"

    program("plugins", "enable", PLUGIN)
    assert row() == [PLUGIN, "1.0", "enabled"]
    assert program("favorites-digest", "--dry-run") == "nothing is new\n"

    program("plugins", "disable", PLUGIN)
    environment.uninstall("immich-flask-favorites-digest")
    assert row() == []
    assert f"plugins.disabled names {PLUGIN}, which is not installed" in program("admin", "list-users", status=2)
    told = program("plugins", "purge", PLUGIN, "--yes")
    assert "table favorites_digest: 2 rows\n" in told and told.endswith(f"purged {PLUGIN}\n")
    assert tables() == set()
    assert "plugin" not in file.read_text().replace("[plugins]", "")
    assert "admin@test.example" in program("admin", "list-users")
    assert program("migrate", "--check") == "the database is up to date\n"


def test_its_tests_run_where_it_is_installed(environment: Environment, tmp_path: Path) -> None:
    """With nothing but what its author has."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    output = environment.run("-m", "pytest", "-q", "-c", str(tmp_path / "pytest.ini"), "-p", "no:cacheprovider",
                             "-p", "no:xdist", "-k", "told_once or who_may", str(EXAMPLE / "tests"), cwd=tmp_path)
    assert "2 passed" in output
