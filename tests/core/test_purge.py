"""`plugins purge`: what a plugin has left in the database is gone, and nothing else."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from immich_flask.cli import program
from immich_flask.commands.shared import Place
from immich_flask.core.models import Asset, JobRow, JobTick, Session
from immich_flask.core.plugins import Plugins, find_plugins
from immich_flask.core.schema import migrate_all
from immich_flask.core.purge import check_unneeded, remains_of
from immich_flask.core.purge import purge as remove
from immich_flask.infra.config import Config, load_config
from immich_flask.infra.db import connect_database, connected, db
from immich_flask.infra.fields import now
from immich_flask.infra.parts import schema
from immich_flask.infra.tracking import Tombstone
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend
from tests.core.programs import environment_of

Purge = Callable[..., Result]

# The program is run in this process; what it leaves to the garbage collector ends, as a rule, together with it.
pytestmark = pytest.mark.filterwarnings("ignore:.*BaseConnection.__del__:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test leaves is collected with it, not during somebody else's."""
    yield
    gc.collect()


@pytest.fixture
def purge(tmp_path: Path) -> Purge:
    """`purge(config, "map", "--yes", disabled=["map"])` on the database of `config`."""

    def invoke(config: Config, *arguments: str, disabled: list[str], text: str = "", status: int = 0,
               input: str | None = None) -> Result:
        file = tmp_path / "config.toml"
        file.write_text(f"[plugins]\ndisabled = {disabled}\n{text}")
        environ = {**environment_of(config), "IMMICH_FLASK_PLUGINS__DISABLED": None}
        result = CliRunner().invoke(program, ["--config", str(file), "plugins", "purge", *arguments], obj=Place(),
                                    prog_name="immich-flask", env=environ, input=input)
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return invoke


def parts(config: Config) -> set:
    connect_database(config)
    with connected() as database:
        return set(schema(database))


@pytest.fixture(scope="module")
def used(make_server: Callable[..., Server]) -> Server:
    """A server on which somebody has used stacks, which phones keep a copy of. Each test takes another plugin out."""
    server = make_server()
    user = server.user()
    first, second = user.asset(), user.asset()
    stacks = [user.post("/stacks", {"assetIds": [first, second]}).json["id"] for _ in range(2)]
    assert user.delete(f"/stacks/{stacks[-1]}").status_code == 204
    migrate_all(server.runtime.config, server.runtime.plugins)
    return server


def test_of_the_built_ins_nothing_stays_and_they_come_back(make_server: Callable[..., Server],
                                                           backend: Backend) -> None:
    """Whatever migrations make, full text tables, functions, triggers upon the core's tables, is found."""
    server = make_server()
    config, plugins = server.runtime.config, server.runtime.plugins
    before = parts(config)
    none = Plugins(load_config(overrides={"plugins.disabled": list(plugins.found)}, environ={}))
    core = backend.config()
    backend.migrated(core, none)
    core_alone = parts(core)
    connect_database(config)
    with connected() as database:
        for plugin in reversed(plugins.enabled):
            left = remains_of(database, plugin.meta.name)
            assert bool(left) == plugin.migrations.is_dir()
            check_unneeded(database, left, plugins.found.values())
            if left:
                remove(database, left)
                assert not remains_of(database, plugin.meta.name)
    assert {part for part in parts(config) if "plugin_part" not in part} == core_alone
    server.database = connect_database(config)
    server.user()
    migrate_all(config, plugins)
    assert parts(config) == before
    server.database.close_all()


class TestPurge:
    def test_what_is_left_is_told_and_removed_when_agreed(self, purge: Purge, used: Server) -> None:
        config = used.runtime.config
        with used.context():
            tombstones = Tombstone.select().where(Tombstone.table_name == "stack").count()
            assert tombstones
        refused = purge(config, "stacks", disabled=["stacks"], input="n\n", status=1)
        assert "table stack: " in refused.stdout
        assert f"deletions that phones have not heard of: {tombstones}\n" in refused.stdout
        with used.context():
            assert db.table_exists("stack")
        purge(config, "stacks", disabled=["stacks"], input="y\n")
        with used.context():
            assert not db.table_exists("stack")
            assert Tombstone.select().where(Tombstone.table_name == "stack").count() == 0
            assert Asset.select().count() == 2
            assert not Session.select().where(~Session.is_pending_sync_reset).exists(), "phones start over"
        assert "nothing is left of stacks" in purge(config, "stacks", disabled=["stacks"], status=2).stderr

    def test_its_jobs_go_and_those_of_others_stay(self, purge: Purge, used: Server) -> None:
        moment = now()
        with used.context():
            for name in ("MemoryGenerate", "TagCleanup"):
                JobRow.create(queue="backgroundTask", name=name, payload={}, fingerprint=name, run_at=moment)
                JobTick.insert(name=name, last_at=moment).execute()
        result = purge(used.runtime.config, "memories", "--yes", disabled=["memories"])
        assert "jobs: 1\n" in result.stdout
        with used.context():
            assert [row.name for row in JobTick.select()] == ["TagCleanup"]
            assert {row.name for row in JobRow.select()} == {"TagCleanup", "SearchRefreshTexts"}

    def test_one_that_was_uninstalled(self, purge: Purge, used: Server, monkeypatch: pytest.MonkeyPatch,
                                     tmp_path: Path) -> None:
        found = {name: plugin for name, plugin in find_plugins().items() if name != "tags"}
        monkeypatch.setattr("immich_flask.core.plugins.find_plugins", lambda: found)
        result = purge(used.runtime.config, "tags", "--yes", disabled=["map", "tags"],
                       text='# mine\n[plugin.tags]\ncolour = "red"\n')
        assert "configuration: [plugin.tags]\nconfiguration: plugins.disabled\n" in result.stdout
        assert (tmp_path / "config.toml").read_text() == "[plugins]\ndisabled = ['map']\n# mine\n"
        with used.context():
            assert not db.table_exists("tag")
        result = purge(used.runtime.config, "tags", "--yes", disabled=[], status=2)
        assert "no plugin tags is installed, and nothing is left of one" in result.stderr

    def test_settings_go_and_the_name_stays_disabled(self, purge: Purge, used: Server, tmp_path: Path) -> None:
        purge(used.runtime.config, "partners", "--yes", disabled=["partners"],
              text="[plugin.partners]\nx = 1\n[plugin.map]\ny = 1\n")
        assert (tmp_path / "config.toml").read_text() == "[plugins]\ndisabled = ['partners']\n[plugin.map]\ny = 1\n"

    @pytest.mark.parametrize(("name", "disabled", "said"), [
        ("stacks", [], "plugin stacks is enabled: immich-flask plugins disable stacks, restart the server, then purge"),
        ("nothing", [], "no plugin nothing is installed"),
        ("core", [], "no plugin core is installed"),
        ("asset; DROP", [], "is no name of a plugin"),
    ])
    def test_refusals_change_nothing(self, purge: Purge, used: Server, name: str, disabled: list, said: str) -> None:
        before = parts(used.runtime.config)
        db.obj.close_all()
        result = purge(used.runtime.config, name, "--yes", disabled=disabled, status=2)
        assert said in result.stderr and len(result.stderr.splitlines()) == 1
        assert parts(used.runtime.config) == before

    def test_tables_of_others_that_refer_to_its_own(self, purge: Purge, used: Server) -> None:
        with used.context():
            db.execute_sql("CREATE TABLE theirs (told UUID REFERENCES notification (id))")
        result = purge(used.runtime.config, "notifications", "--yes", disabled=["notifications"], status=2)
        assert "the table theirs refers to notification" in result.stderr
        result = purge(used.runtime.config, "albums", "--yes", disabled=["albums", "activities"], status=2)
        assert "plugin activities requires albums and has tables of its own; purge activities first" in result.stderr

    def test_without_a_database(self, purge: Purge, tmp_path: Path) -> None:
        config = load_config(overrides={"data_dir": str(tmp_path / "none")}, environ={})
        assert "there is no database yet" in purge(config, "tags", disabled=["tags"], status=2).stderr
