"""From a wheel to a purged database: what an operator does with a plugin of somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
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

RUN_EACH = """
import json, shlex, sys
from click.testing import CliRunner
from immich_flask.cli import program
from immich_flask.commands.shared import Place

for command in sys.argv[1:]:
    done = CliRunner().invoke(program, shlex.split(command), prog_name="immich-flask", obj=Place())
    print(json.dumps([done.exit_code, done.output]), flush=True)
"""


class Containing(str):
    """Equal to every text in which it is."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(self) in other

    __hash__ = None


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

    def sign_up(self) -> Client:
        who = {"email": "admin@test.example", "password": "Sesame-Open-1", "name": "Admin"}
        self("POST", "/auth/admin-sign-up", 201, json=who)
        self.headers = {"Authorization": f"Bearer {self('POST', '/auth/login', 201, json=who)['accessToken']}"}
        return self

    def upload_favorite(self) -> str:
        dates = dict.fromkeys(("fileCreatedAt", "fileModifiedAt"), "2023-06-15T10:00:00.000Z")
        files = {"assetData": ("a.jpg", photo())}
        return self("POST", "/assets", 201, data={**dates, "isFavorite": "true"}, files=files)["id"]


@pytest.mark.once
def test_the_life_of_a_plugin(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    config = backend.config(**{"queue.url": "", "server.port": free_port(), "server.web_processes": 1,
                               "queue.workers": 1})
    if backend.kind == "postgres":
        backend.postgres.create_database(backend._name(config))
    file = tmp_path / "config.toml"
    file.write_text(f'[plugin.{PLUGIN}]\nkeep = 3  # enough\n')
    environ = {key: value for key, value in environment_of(config).items() if "PLUGINS__" not in key}
    environ["IMMICH_FLASK_CONFIG"] = str(file)

    def tables() -> set[str]:
        connect_database(config)
        with connected() as database:
            found = {part.name for part in schema(database)}
        database.close_all()
        return {name for name in found if PLUGIN in name}

    def programs(*commands: str) -> Iterator[tuple[int, str]]:
        """(exit status, output) of `immich-flask COMMAND` for each, in one process, which saves a second for each."""
        lines = environment.run("-c", RUN_EACH, *commands, **environ).splitlines()
        return (tuple(orjson.loads(line)) for line in lines)

    assert list(programs("plugins list", "migrate", "migrate --check")) == [
        (0, Containing(f"{PLUGIN:<16}  1.0       enabled\n")), (0, Containing(f"applied {PLUGIN}/0001_initial\n")),
        (0, "the database is up to date\n")]

    with Program(tmp_path, "immich_flask.cli", "serve", python=environment.python, **environ) as server:
        server.expect("is listening on")
        client = Client(f"http://127.0.0.1:{config.server.port}").sign_up()
        asset = client.upload_favorite()
        made = client("POST", "/favorites-digests", 201)
        assert [found["id"] for found in made["assets"]] == [asset]
        assert "/api/favorites-digests" in client("GET", "/openapi.json")["paths"]
        # By a job, which a worker of this server runs.
        client.upload_favorite()
        assert list(programs("favorites-digest")) == [(0, "admin@test.example: 1 new favourite\n")]
        wait_until(lambda: len(client("GET", "/favorites-digests")) == 2, "the job to make a digest")
        assert server.end() == 0

    assert list(programs(
        f"plugins purge {PLUGIN} --yes", f"plugins disable {PLUGIN}", "plugins list", "favorites-digest",
        "migrate --check",
        f"plugins enable {PLUGIN}", "plugins list", "favorites-digest --dry-run", f"plugins disable {PLUGIN}")) == [
        (2, Containing(f"plugin {PLUGIN} is enabled")), (0, Containing(f"disabled {PLUGIN}")),
        (0, Containing(f"{PLUGIN:<16}  1.0       disabled\n")), (2, Containing("No such command")),
        (0, "the database is up to date\n"), (0, Containing(f"enabled {PLUGIN}")),
        (0, Containing(f"{PLUGIN:<16}  1.0       enabled\n")), (0, "nothing is new\n"),
        (0, Containing(f"disabled {PLUGIN}"))]
    assert tables() >= {"favorites_digest", "favorites_digest_mark", "favorites_digest_asset"}, "nothing is lost"

    environment.uninstall("immich-flask-favorites-digest")
    assert list(programs(
        "admin list-users", f"plugins purge {PLUGIN} --yes", "admin list-users", "migrate --check")) == [
        (2, Containing(f"plugins.disabled names {PLUGIN}, which is not installed")),
        (0, Containing("table favorites_digest: 2 rows\n")), (0, Containing("admin@test.example")),
        (0, "the database is up to date\n")]
    assert tables() == set()
    assert PLUGIN not in file.read_text()
