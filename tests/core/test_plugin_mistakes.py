"""A plugin that is wrong: the server refuses to start with a line that names it, or goes on without it."""

from __future__ import annotations

import logging
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from immich_flask.app import create_app
from immich_flask.contracts import hookspecs
from immich_flask.contracts.deprecation import PluginDeprecationWarning, deprecated
from immich_flask.contracts.errors import BadRequest, ConfigError
from immich_flask.contracts.events import AssetsUpdated
from immich_flask.contracts.hookspecs import hookimpl, hookspec
from immich_flask.contracts.plugin import (
    API_VERSION, AssetFilter, AssetGrant, Features, HealthCheck, Job, Listener, PluginMeta, ResponseField,
)
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import Asset
from immich_flask.core.plugins import GROUP, Found, Plugins, find_plugins
from immich_flask.infra import migrations
from immich_flask.infra.config import load_config
from immich_flask.infra.db import Model, connect_database
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import StrictStr
from immich_flask.testing import Server
from immich_flask.testing.fixtures import Backend

Make = Callable[..., dict[str, Found]]


@pytest.fixture(scope="module")
def make() -> Iterator[Make]:
    """`make("one", register_jobs=lambda: [...])`: an importable plugin; hooks are given by name."""
    made: list[str] = []

    def plugin(name: str, *, api_version: str = API_VERSION, fallback: bool = False, folder: Path | None = None,
               **hooks: Callable) -> dict[str, Found]:
        package, module = types.ModuleType(f"wrong_{name}"), types.ModuleType(f"wrong_{name}.hooks")
        package.META = PluginMeta(name, "1", api_version, fallback=fallback)
        package.__file__ = str((folder or Path("/nowhere")) / "__init__.py")
        for hook, function in hooks.items():
            setattr(module, hook, hookimpl(function))
        sys.modules |= {package.__name__: package, module.__name__: module}
        made.extend((package.__name__, module.__name__))
        return {name: Found(package.META, package.__name__)}

    yield plugin
    for name in made:
        sys.modules.pop(name, None)


def build(found: dict[str, Found]) -> None:
    """As far as an app comes without a database."""
    config = load_config(environ={}, overrides={"data_dir": "/nowhere"})
    create_app(config, plugins=Plugins(config, found))


def refused(found: dict[str, Found]) -> str:
    with pytest.raises(ConfigError) as error:
        build(found)
    assert "\n" not in str(error.value)
    return str(error.value)


def fail(*_arguments: Any) -> None:
    raise ValueError("out of film")


class TestStartup:
    def test_one_that_cannot_be_imported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entries = [types.SimpleNamespace(name="broken", value="wrong_broken_package"),
                   types.SimpleNamespace(name="Mixed-Case", value="plugins.tags"),
                   types.SimpleNamespace(name="other", value="plugins.tags"),
                   types.SimpleNamespace(name="empty", value="wrong_empty"),
                   types.SimpleNamespace(name="tags", value="plugins.tags")]
        sys.modules["wrong_empty"] = empty = types.ModuleType("wrong_empty")
        empty.META = {"name": "empty"}
        monkeypatch.setattr("immich_flask.core.plugins.entry_points", lambda group: entries if group == GROUP else [])
        found = find_plugins()
        for name, said in {
            "broken": "it cannot be imported: ModuleNotFoundError", "empty": "its META is no PluginMeta",
            "Mixed-Case": "lower-case letters, digits and underscores",
            "other": "its entry point is called other, but its META says tags",
        }.items():
            disabled = [other for other in found if other not in (name, "tags")]
            config = load_config(environ={}, overrides={"plugins.disabled": disabled})
            with pytest.raises(ConfigError) as error:
                Plugins(config, found)
            assert str(error.value).startswith(f"plugin {name} (") and said in str(error.value)
            assert f"add {name} to plugins.disabled" in str(error.value)
        # Disabled, it is in nobody's way.
        config = load_config(environ={}, overrides={"plugins.disabled": [name for name in found if name != "tags"]})
        assert [plugin.meta.name for plugin in Plugins(config, found).enabled] == ["tags"]
        del sys.modules["wrong_empty"]

    @pytest.mark.parametrize("hook", ["register_jobs", "register_blueprints", "register_settings", "register_models",
                                      "register_listeners", "register_asset_filters", "register_commands",
                                      "preference_defaults", "health_checks", "check_config", "startup"])
    def test_a_hook_that_raises(self, make: Make, hook: str) -> None:
        assert refused(make("one", **{hook: lambda: fail()})) == (
            f"plugin one fails in {hook}: ValueError('out of film'); mend it, or add it to plugins.disabled")

    def test_what_it_says_itself_is_not_changed(self, make: Make) -> None:
        def check_config() -> None:
            raise ConfigError("web.root is needed")

        assert refused(make("one", check_config=check_config)) == "web.root is needed"

    @pytest.mark.parametrize(("hook", "result", "said"), [
        ("register_jobs", None, "it returns None, not Iterable[records.Job]"),
        ("register_jobs", ["Digest"], "it returns 'Digest' among others, not Iterable[records.Job]"),
        ("register_models", [Job], "not Iterable[type[peewee.Model]]"),
        ("register_commands", [print], "not Iterable[click.Command]"),
    ])
    def test_a_hook_that_returns_something_else(self, make: Make, hook: str, result: Any, said: str) -> None:
        message = refused(make("one", **{hook: lambda: result}))
        assert message.startswith(f"plugin one fails in {hook}: TypeError") and said in message

    def test_a_generator_that_raises_later(self, make: Make) -> None:
        def register_jobs() -> Iterator[Job]:
            yield Job("One", "backgroundTask", fail)
            fail()

        assert "plugin one fails in register_jobs: ValueError" in refused(make("one", register_jobs=register_jobs))

    def test_a_route_that_is_a_coroutine(self, make: Make) -> None:
        def register_blueprints() -> list[Blueprint]:
            made = Blueprint("slow", __name__, url_prefix="/slow", tag="Slow")

            @made.operation("GET", "", "getSlow")
            async def get_slow() -> None:
                """Nothing would run it."""

            return [made]

        message = refused(make("one", register_blueprints=register_blueprints))
        assert message.startswith("plugin one fails in register_blueprints: TypeError")
        assert "getSlow is a coroutine" in message

    def test_hooks_and_arguments_that_do_not_exist(self, make: Make) -> None:
        assert "plugin one has a hook that this server does not know" in refused(make("one", register_job=lambda: []))
        assert "plugin one" in refused(make("one", server_features=lambda settings: None))


class Taken(Model):
    class Meta:
        table_name = "asset"


class Own(Model):
    class Meta:
        table_name = "own"


def routes(name: str, *rules: str, permission: str = "all") -> Callable[[], list[Blueprint]]:
    made = Blueprint(name, __name__, url_prefix="/things", tag="Things")
    if rules == ("core",):
        made = Blueprint(name, __name__, url_prefix="/assets", tag="Things")
        rules = ("GET /{key}",)
    for method, rule in (rule.split() for rule in rules):
        made.operation(method, rule, f"{method}{rule}", permission=permission)(lambda: None)
    return lambda: [made]


SAME = {
    "route GET /things/{}": ("register_blueprints", routes("a", "GET /{id}"), routes("b", "GET /{name}", "PUT /{id}")),
    "route name same": ("register_blueprints", routes("same", "GET /a"), routes("same", "GET /b")),
    "table own": ("register_models", lambda: [Own]),
    "job Digest": ("register_jobs", lambda: [Job("Digest", "backgroundTask", fail)]),
    "asset filter tagId": ("register_asset_filters", lambda: [AssetFilter("tagId", fail)]),
    "asset filter shape": ("register_asset_filters", lambda: [AssetFilter("shape", fail, value=StrictStr)]),
    "command dig": ("register_commands", lambda: [click.Command("dig")]),
    "health check film": ("health_checks", lambda: [HealthCheck("film", fail)]),
    "preference section tags": ("preference_defaults", lambda: {"tags": {}}),
}

CORES = {
    "route GET /assets/{}": ("register_blueprints", routes("a", "core")),
    "route name assets": ("register_blueprints", routes("assets", "GET /a")),
    "table asset": ("register_models", lambda: [Taken]),
    "job FileDelete": ("register_jobs", lambda: [Job("FileDelete", "backgroundTask", fail)]),
    "command serve": ("register_commands", lambda: [click.Command("serve")]),
    "health check storage": ("health_checks", lambda: [HealthCheck("storage", fail)]),
    "preference section ratings": ("preference_defaults", lambda: {"ratings": {}}),
    "asset filter isFavorite": ("register_asset_filters", lambda: [AssetFilter("isFavorite", fail, value=StrictStr)]),
}


class TestClaims:
    @pytest.mark.parametrize("what", SAME)
    def test_two_plugins_that_claim_the_same(self, make: Make, what: str) -> None:
        hook, first, *second = SAME[what]
        found = make("one", **{hook: first}) | make("two", **{hook: (second or [first])[0]})
        assert refused(found) == f"plugins one and two both register the {what}; disable one"

    @pytest.mark.parametrize("what", CORES)
    def test_one_that_claims_what_the_core_has(self, make: Make, what: str) -> None:
        import plugins.timeline.schemas  # noqa: F401  (whose parameters are taken)

        hook, function = CORES[what]
        assert refused(make("one", **{hook: function})) == (
            f"plugin one registers the {what}, which the core has; disable one")

    @pytest.mark.parametrize(("hook", "function", "said"), [
        ("register_jobs", lambda: [Job("Twice", "backgroundTask", fail)] * 2,
         "plugin one registers the job Twice twice"),
        ("preference_defaults", lambda: {"film": {}}, "the preference section film, which clients do not know"),
        ("register_blueprints", routes("a", "GET /a", permission="film.read"),
         "plugin one asks for the permission film.read, which no API key can hold"),
        ("register_asset_filters", lambda: [AssetFilter("shape", fail)],
         "plugin one registers the asset filter shape, which clients do not know, without saying by `value`"),
        ("register_jobs", lambda: [Job("Odd", "backgroundTask", fail, cron="now")], "the job Odd has the cron line"),
    ])
    def test_what_has_no_place(self, make: Make, hook: str, function: Callable, said: str) -> None:
        assert said in refused(make("one", **{hook: function}))

    def test_sync_types(self, make: Make) -> None:
        found = {"sync": find_plugins()["sync"]}
        from plugins.sync.core_types import core_types

        theirs = make("zoo", register_sync_types=lambda: core_types())
        assert "plugins sync and zoo both register the sync type " in refused(found | theirs)
        unknown = make("zoo", register_sync_types=lambda: [replace(core_types()[0], request="AnimalsV1")])
        assert refused(found | unknown) == (
            "the sync type AnimalsV1 is unknown to the clients; mend or disable the plugin zoo")
        some = core_types()[0]
        failing = make("zoo", register_sync_types=lambda: [replace(
            some, request="StacksV1", upserts=replace(some.upserts, query=fail))])
        assert refused(found | failing).startswith("plugin zoo fails in startup of sync: ValueError")

    def test_a_fallback_leaves_sections_to_others(self, make: Make) -> None:
        found = (make("one", fallback=True, preference_defaults=lambda: {"tags": {"enabled": False}})
                 | make("two", preference_defaults=lambda: {"tags": {"enabled": True}}))
        plugins = Plugins(load_config(environ={}), found)
        assert plugins.preferences == {"tags": {"enabled": True}}
        assert plugins.owner("preference section", "tags") == "two"


SWITCH: dict[str, Any] = {}
"""What the plugin `weak` does wrong just now, by hook."""


def weak(hook: str, otherwise: Any) -> Any:
    if hook in SWITCH:
        raise SWITCH[hook]
    return otherwise


bp = Blueprint("weak", __name__, url_prefix="/weak", tag="Weak")


@bp.operation("GET", "", "getWeak")
def get_weak() -> dict:
    fail()


STRONG: list[str] = []


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server], make: Make) -> Server:
    """A server with two plugins: `weak` makes mistakes, `strong` comes after it and goes on."""
    found = make(
        "weak",
        register_blueprints=lambda: [bp],
        register_jobs=lambda: [Job("Weak", "backgroundTask", fail, retries=0)],
        register_listeners=lambda: [Listener(AssetsUpdated, "inside", lambda event: weak("inside", None)),
                                    Listener(AssetsUpdated, "after", lambda event: weak("after", None))],
        register_asset_filters=lambda: [AssetFilter("tagId", fail),
                                        AssetFilter("withStacked", fail, leaves_out=fail),
                                        AssetFilter("userId", fail, effect="scope", owners=fail),
                                        AssetFilter("withPartners", fail, effect="widen", owners=fail)],
        health_checks=lambda: [HealthCheck("film", lambda: weak("health_checks", None))],
        authenticate=lambda request: weak("authenticate", None),
        asset_access_rules=lambda auth, permission: weak("asset_access_rules", []),
        response_fields=lambda kind, ids, auth: weak("response_fields", []),
        server_features=lambda config: weak("server_features", Features()),
    ) | make(
        "zstrong",
        register_jobs=lambda: [Job("Strong", "backgroundTask", lambda: STRONG.append("job"))],
        register_listeners=lambda: [Listener(AssetsUpdated, "after", lambda event: STRONG.append("after"))],
        asset_access_rules=lambda auth, permission: [AssetGrant("all", Asset.select(Asset.id))],
        response_fields=lambda kind, ids, auth: [ResponseField("tags", {}, missing=[])],
        server_features=lambda config: Features({"map": True}),
    ) | {"timeline": find_plugins()["timeline"]}
    server = make_server(Plugins(load_config(environ={}), found))
    # Of the answers that fail the wire knows nothing.
    server.checks = ()
    return server


@pytest.fixture
def wrong(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., None]]:
    """`wrong("response_fields")`: from here on that fails."""
    caplog.set_level(logging.WARNING)
    STRONG.clear()
    yield lambda *hooks, error=ValueError("out of film"): SWITCH.update(dict.fromkeys(hooks, error))
    SWITCH.clear()


class TestRunning:
    def test_hooks_are_left_out(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        user, other = server.user(), server.user()
        asset = user.asset()
        wrong("authenticate", "asset_access_rules", "response_fields", "server_features")
        # The grant of the other plugin counts, and so do its fields and flags.
        assert other.get(f"/assets/{asset}").json["tags"] == []
        assert server.nobody.get("/server/features").json["map"] is True
        for hook in ("authenticate", "asset_access_rules", "response_fields", "server_features"):
            assert f"plugin weak fails in {hook}; what it would add is left out" in caplog.messages
        assert "ValueError: out of film" in caplog.text

    def test_a_refusal_is_no_mistake(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        user = server.user()
        wrong("authenticate", error=BadRequest("Not with this one"))
        assert user.get("/users/me").json == {"message": "Not with this one"}
        assert caplog.messages == []

    def test_a_wrong_result_is_left_out(self, server: Server, wrong: Callable, make: Make,
                                        caplog: pytest.LogCaptureFixture) -> None:
        found = make("odd", server_features=lambda config: {"map": True})
        plugins = Plugins(load_config(environ={}), found)
        assert list(plugins.ask("server_features", config={})) == []
        assert "plugin odd fails in server_features" in caplog.text

    def test_within_a_transaction_it_is_raised(self, server: Server, wrong: Callable,
                                               caplog: pytest.LogCaptureFixture) -> None:
        """What comes after it there might not count any more."""
        from immich_flask.infra.db import atomic

        with server.context(), pytest.raises(ValueError), atomic():
            wrong("response_fields")
            list(server.runtime.plugins.ask("response_fields", kind="asset", ids=[], auth=None))

    def test_a_request(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        user = server.user()
        response = user.get("/weak")
        assert (response.status_code, response.json) == (500, {"message": "Failed to get weak"})
        assert any(message.startswith("GET /api/weak failed in plugin weak (") for message in caplog.messages)
        assert user.get("/users/me").status_code == 200

    def test_a_filter_in_somebody_elses_request(self, server: Server, wrong: Callable,
                                                caplog: pytest.LogCaptureFixture) -> None:
        user = server.user()
        some_id = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
        said = "GET /api/timeline/buckets failed in plugin weak ("
        for query in ({"tagId": some_id}, {"userId": some_id}, {"visibility": "timeline", "withStacked": "true"},
                      {"visibility": "timeline", "withPartners": "true"}):
            caplog.clear()
            assert user.get("/timeline/buckets", **query).status_code == 500
            assert any(message.startswith(said) for message in caplog.messages)
        assert user.get("/timeline/buckets").status_code == 200

    def test_listeners(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        user = server.user()
        asset = user.asset()
        wrong("after")
        assert user.put("/assets", {"ids": [asset], "isFavorite": True}).status_code == 204
        assert STRONG == ["after"]
        assert any(message.startswith("plugin weak failed to handle AssetsUpdated") for message in caplog.messages)
        wrong("inside")
        assert user.put("/assets", {"ids": [asset], "isFavorite": False}).status_code == 500
        assert any(message.startswith("PUT /api/assets failed in plugin weak (") for message in caplog.messages)
        assert user.get(f"/assets/{asset}").json["isFavorite"] is True, "nothing of it happened"

    def test_jobs(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        with server.context():
            enqueue("Weak")
            enqueue("Strong")
        assert STRONG == ["job"]
        assert "job Weak {} failed in plugin weak, attempt 1" in caplog.messages

    def test_health_checks(self, server: Server, wrong: Callable, caplog: pytest.LogCaptureFixture) -> None:
        from immich_flask.core.health import check_health

        wrong("health_checks")
        with server.context():
            assert check_health() | {"queue": True} == {
                "database": True, "storage": True, "queue": True, "film": False}
        assert "health: film (plugin weak): ValueError('out of film')" in caplog.messages


def test_a_migration_that_fails(backend: Backend, make: Make, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_initial.py").write_text(
        "def up(migrator, db):\n    db.execute_sql('CREATE TABLE first (id INTEGER)')\n")
    second = tmp_path / "migrations" / "0002_more.py"
    second.write_text("def up(migrator, db):\n    db.execute_sql('CREATE TABLE second (id INTEGER)')\n    1 / 0\n")
    config = backend.config()
    backend.migrated(config, Plugins(config, {}))
    connect_database(config)
    plugins = Plugins(config, make("late", folder=tmp_path))
    with pytest.raises(ConfigError, match="plugin late: the migration 0002_more failed: ZeroDivisionError"):
        migrations.migrate(plugins.migration_sources())
    second.write_text(second.read_text().replace("    1 / 0\n", ""))
    assert migrations.migrate(plugins.migration_sources()) == ["late/0002_more"]


class TestFilterOfItsOwn:
    def test_wherever_lists_are_narrowed(self, make_server: Callable[..., Server], make: Make) -> None:
        found = make("shape", register_asset_filters=lambda: [
            AssetFilter("nameBegins", lambda value, auth: Asset.original_file_name.startswith(value), value=StrictStr)])
        server = make_server(Plugins(load_config(environ={}), {**find_plugins(), **found}))
        user = server.user()
        wanted = user.asset(name="lake.jpg")
        user.asset(name="hill.jpg")
        buckets = user.get("/timeline/buckets", nameBegins="lake").json
        assert [bucket["count"] for bucket in buckets] == [1]
        items = user.post("/search/metadata", {"nameBegins": "lake"}).json["assets"]["items"]
        assert [item["id"] for item in items] == [wanted]
        assert user.get("/map/markers", nameBegins="lake").json == []
        bad = user.post("/search/metadata", {"nameBegins": 7})
        assert (bad.status_code, bad.json["errors"][0]["path"]) == (400, ["nameBegins"])
        assert user.get("/timeline/buckets", nameBegins=["a", "b"]).status_code == 400


class TestVersions:
    @pytest.mark.parametrize(("written_for", "loads"), [("1.0", True), ("1.2", True), ("1.3", False), ("2.0", False),
                                                        ("0.9", False)])
    def test_which_load(self, make: Make, monkeypatch: pytest.MonkeyPatch, written_for: str, loads: bool) -> None:
        monkeypatch.setattr("immich_flask.core.plugins.API_VERSION", "1.2")
        found = make("one", api_version=written_for)
        if loads:
            build(found)
        else:
            assert refused(found).startswith(f"plugin one is written for plugin API {written_for}, this server has 1.2")

    def test_what_will_go_is_told(self, make: Make) -> None:
        @deprecated(since="1.2", removed_in="2.0", instead="register_things")
        @hookspec
        def old_things() -> None:
            """Gone soon."""

        @deprecated(since="1.3", removed_in="2.0", instead="auth.user_id", argument="user_id")
        @hookspec
        def more(auth: Any, user_id: str) -> None:
            """One argument less soon."""

        specs = types.SimpleNamespace(**vars(hookspecs), old_things=old_things, more=more)
        config = load_config(environ={})
        with pytest.warns(PluginDeprecationWarning) as told:
            Plugins(config, make("one", old_things=lambda: None), specs)
        assert [str(warning.message) for warning in told] == [
            "plugin one: the hook old_things is deprecated since plugin API 1.2 and goes with 2.0; "
            "use register_things instead"]
        with pytest.warns(PluginDeprecationWarning, match="plugin two: the argument user_id of the hook more"):
            Plugins(config, make("two", more=lambda auth, user_id: None), specs)
        with pytest.raises(PluginDeprecationWarning):
            # As in all tests of this project.
            Plugins(config, make("three", old_things=lambda: None), specs)
        Plugins(config, make("four", more=lambda auth: None), specs)
