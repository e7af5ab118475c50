"""The `immich-flask` program, command by command."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from immich_flask import __version__
from immich_flask.cli import program
from immich_flask.commands.shared import Place
from immich_flask.core.auth.secrets import verify_password
from immich_flask.core.models import User
from immich_flask.core.plugins import Plugins
from immich_flask.infra.config import Config
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend
from tests.core.programs import environment_of

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMMICH_FLASK_CONFIG", raising=False)


@pytest.fixture
def config(backend: Backend) -> Config:
    """A place with a migrated database."""
    config = backend.config(**{"queue.url": ""})
    backend.migrated(config, Plugins(config))
    return config


@pytest.fixture
def run(config: Config) -> Run:
    """`run("admin", "list-users", input="...")` in that place; asserts the exit status (0)."""

    def invoke(*arguments: str, status: int = 0, input: str | None = None, environ: dict | None = None) -> Result:
        result = CliRunner().invoke(program, arguments, prog_name="immich-flask", input=input, obj=Place(),
                                    env={**environment_of(config), **(environ or {})})
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return invoke


def user(email: str) -> User:
    return User.get(User.email == email)


@pytest.mark.once
class TestHelp:
    def test_every_command_says_what_it_is_for(self, run: Run) -> None:
        def commands(command: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
            below = command.commands if isinstance(command, click.Group) else {}
            return [path, *(found for name, sub in below.items() for found in commands(sub, (*path, name)))]

        paths = commands(program, ())
        assert {"serve", "worker", "migrate", "admin", "plugins", "config"} <= {path[0] for path in paths if path}
        for path in paths:
            text = run(*path, "--help").output
            assert "--config" in text and "--data-dir" in text, path
            assert "Usage: immich-flask" in text
            if path in ((), ("serve",), ("worker",), ("migrate",), ("admin", "create-user"), ("plugins", "disable")):
                assert "Examples:\n" in text, path

    def test_version(self, run: Run) -> None:
        assert run("--version").output == f"immich-flask {__version__}, for clients of Immich 3.1.0\n"

    def test_help_survives_a_wrong_configuration(self, run: Run) -> None:
        result = run("--help", environ={"IMMICH_FLASK_SERVER__PORT": "many"})
        assert "Commands of plugins are missing here: IMMICH_FLASK_SERVER__PORT" in result.stderr
        assert "serve" in result.output


@pytest.mark.once
class TestErrors:
    @pytest.mark.parametrize("command", [
        ("migrate",), ("config", "show"), ("admin", "list-users"), ("plugins", "list")])
    def test_a_wrong_configuration_is_one_line(self, run: Run, command: tuple[str, ...]) -> None:
        result = run(*command, status=2, environ={"IMMICH_FLASK_SERVER__PORT": "many"})
        assert result.stderr == "immich-flask: IMMICH_FLASK_SERVER__PORT: server.port must be a whole number, " \
                                "not 'many'\n"

    def test_a_database_that_cannot_be_used_is_one_line(self, run: Run, tmp_path: Path) -> None:
        broken = {"IMMICH_FLASK_DATABASE__URL": f"sqlite:///{tmp_path}/nowhere/immich.db"}
        for command in (("admin", "list-users"), ("migrate", "--check")):
            result = run(*command, status=2, environ=broken)
            assert result.stderr == (f"immich-flask: the database cannot be used: {tmp_path}/nowhere/immich.db: "
                                     "error opening database: unable to open database file.\n")

    def test_unknown_commands(self, run: Run) -> None:
        assert "No such command 'fly'" in run("fly", status=2).stderr


class TestMigrate:
    def test_up_to_date(self, run: Run) -> None:
        assert run("migrate").output == "nothing to do\n"
        assert run("migrate", "--check").output == "the database is up to date\n"

    def test_from_nothing(self, run: Run, tmp_path: Path) -> None:
        # PostgreSQL's part is in test_serve.
        empty = {"IMMICH_FLASK_DATABASE__URL": "", "IMMICH_FLASK_DATA_DIR": str(tmp_path / "new")}
        assert "the database cannot be used" in run("migrate", "--check", status=2, environ=empty).stderr
        assert "applied core/0001_initial\n" in run("migrate", environ=empty).output
        assert run("migrate", "--check", environ=empty).output == "the database is up to date\n"

    def test_check_names_what_differs(self, run: Run, make_server: Callable[..., Server]) -> None:
        server = make_server()
        environ = environment_of(server.runtime.config)
        with server.context():
            server.database.execute_sql("DROP INDEX asset_stack")
        assert run("migrate", "--check", status=1, environ=environ).output == "add index asset.asset_stack\n"
        with server.context():
            server.database.execute_sql("DROP TABLE migration_core")
        server.database.close_all()
        result = run("migrate", "--check", status=1, environ=environ)
        assert result.output.splitlines()[0] == "pending: core/0001_initial"
        result = run("admin", "list-users", status=2, environ=environ)
        assert result.stderr.startswith("immich-flask: the database lacks core/0001_initial, core/0002")
        assert result.stderr.endswith(": run immich-flask migrate\n")


class TestAdmin:
    def test_questions_are_answered_through_a_pipe(self, run: Run) -> None:
        result = run("admin", "create-user", "--admin", input="Ann@Test.Example\nAnn\nopen sesame\n")
        assert result.stdout == "created ann@test.example, an administrator\n"
        run("admin", "create-user", "--email", "bob@test.example", "--name", "Bob", input="secret\n")
        run("admin", "create-user", "--email", "eve@test.example", "--name", "Eve", "--password", "x")
        lines = run("admin", "list-users").output.splitlines()
        assert [line.split()[:2] for line in lines] == [
            ["ann@test.example", "admin"], ["bob@test.example", "user"], ["eve@test.example", "user"]]

    def test_refusals_change_nothing(self, run: Run) -> None:
        new = ("admin", "create-user", "--name", "Ann", "--password", "x", "--email")
        run(*new, "ann@test.example")
        assert run(*new, "ANN@test.example", status=1).stderr == "immich-flask: Email is not available\n"
        assert "nonsense is not an e-mail address" in run(*new, "nonsense", status=1).stderr
        assert "Aborted!" in run("admin", "create-user", status=1, input="").stderr
        assert len(run("admin", "list-users").output.splitlines()) == 1

    def test_reset_password(self, run: Run, make_server: Callable[..., Server]) -> None:
        server = make_server()
        ann = server.user("ann")
        environ = environment_of(server.runtime.config)
        run("admin", "reset-password", ann.email, input="another\n", environ=environ)
        with server.context():
            assert verify_password("another", user(ann.email).password)
        made_up = run("admin", "reset-password", ann.email.upper(), input="\n", environ=environ).stdout.split()[-1]
        with server.context():
            assert verify_password(made_up, user(ann.email).password)
        result = run("admin", "reset-password", "nobody@test.example", status=1, environ=environ)
        assert result.stderr == "immich-flask: there is no account nobody@test.example; see admin list-users\n"

    def test_administrators(self, run: Run, make_server: Callable[..., Server]) -> None:
        server = make_server()
        ann, bob = server.user("ann", is_admin=True), server.user("bob")
        environ = environment_of(server.runtime.config)
        assert "is the last administrator" in run("admin", "revoke-admin", ann.email, status=1, environ=environ).stderr
        run("admin", "grant-admin", bob.email, environ=environ)
        run("admin", "revoke-admin", ann.email, environ=environ)
        with server.context():
            assert (user(ann.email).is_admin, user(bob.email).is_admin) == (False, True)


@pytest.mark.once
class TestConfig:
    def test_show(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.write_text('[storage.s3]\nsecret_key = "hush"\nbucket = "b"\n[logging]\nlevel = "debug"\n')
        result = run("--config", str(file), "config", "show", "--data-dir", "/else/where", environ={
            "IMMICH_FLASK_DATABASE__URL": "postgresql://me:hush@host/name",
            "IMMICH_FLASK_LOGGING__LEVEL": None, "IMMICH_FLASK_STORAGE__S3__SECRET_KEY": None,
            "IMMICH_FLASK_WEB__ROOT": None})
        lines = result.output.splitlines()
        assert 'data_dir = "/else/where"  # the command line' in lines
        assert f'logging.level = "debug"  # {file}' in lines
        assert f'storage.s3.secret_key = "********"  # {file}' in lines
        assert 'database.url = "postgresql://me:********@host/name"  # IMMICH_FLASK_DATABASE__URL' in lines
        assert 'web.root = ""  # default' in lines
        assert "hush" not in result.output
        tomllib.loads(result.output)


@pytest.mark.once
class TestPlugins:
    TEXT = '# mine\ndata_dir = "./d"\n\n[plugins]  # less\ndisabled = []\n\n[server]\nport = 1 # low\n'
    FREE = {"IMMICH_FLASK_PLUGINS__DISABLED": None}

    @pytest.fixture
    def name(self, config: Config) -> str:
        """A plugin that no other requires."""
        plugins = Plugins(config)
        needed = {needed for plugin in plugins.enabled for needed in plugin.meta.requires}
        return next(name for name in sorted(plugins.found) if name not in needed)

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(self.TEXT)
        file.chmod(0o640)
        return file

    def test_list(self, run: Run, name: str) -> None:
        states = {line.split()[0]: line.split()[2] for line in run("plugins", "list").output.splitlines()}
        assert states[name] == "enabled"
        environ = {"IMMICH_FLASK_PLUGINS__DISABLED": f'["{name}"]'}
        lines = run("plugins", "list", environ=environ).output.splitlines()
        assert {line.split()[0]: line.split()[2] for line in lines} == {**states, name: "disabled"}

    def test_disable_and_enable_leave_the_rest_of_the_file(self, run: Run, file: Path, name: str) -> None:
        for _ in range(2):
            run("plugins", "disable", name, "--config", str(file), environ=self.FREE)
            assert file.read_text() == self.TEXT.replace("[]", f'["{name}"]')
        assert file.stat().st_mode & 0o777 == 0o640
        run("plugins", "enable", name, environ={**self.FREE, "IMMICH_FLASK_CONFIG": str(file)})
        assert file.read_text() == self.TEXT
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_a_file_without_the_table_gets_one(self, run: Run, file: Path, name: str) -> None:
        file.write_text("# nothing yet\n")
        run("plugins", "disable", name, "--config", str(file), environ=self.FREE)
        assert tomllib.loads(file.read_text()) == {"plugins": {"disabled": [name]}}
        assert file.read_text().startswith("# nothing yet\n")

    def test_refusals_leave_the_file_alone(self, run: Run, file: Path, config: Config, name: str) -> None:
        at = ("--config", str(file))
        unknown = run("plugins", "disable", "nothing", *at, status=2, environ=self.FREE)
        assert "no such plugin: nothing;" in unknown.stderr
        assert "name the configuration file" in run("plugins", "disable", name, status=2, environ=self.FREE).stderr
        assert "wins over the file" in run("plugins", "disable", name, *at, status=2).stderr
        needed = sorted({needed for plugin in Plugins(config).enabled for needed in plugin.meta.requires})
        for one in needed[:1]:
            result = run("plugins", "disable", one, *at, status=2, environ=self.FREE)
            assert f"requires {one}, which is disabled" in result.stderr
        assert file.read_text() == self.TEXT
        assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_commands_of_plugins(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.option("--greeting", default="hello")
    def greet(greeting: str) -> None:
        """Greet everybody."""
        click.echo(f"{greeting} to {User.select().count()} users")

    each = Plugins.each
    monkeypatch.setattr(Plugins, "each", lambda self, hook, **more: [("media", greet)] if hook == "register_commands"
                        else each(self, hook, **more))
    assert "Greet everybody." in run("--help").output
    assert "--greeting" in run("greet", "--help").output
    assert run("greet", "--greeting", "hi").output == "hi to 0 users\n"
    greet.name = "serve"
    assert "plugin media registers the command serve, which the core has" in run("greet", status=2).stderr
