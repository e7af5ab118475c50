"""Finding, checking and ordering plugins; every mistake stops startup with one line that says what to change."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import API_VERSION, Job, PluginMeta, Setting
from immich_flask.core.plugins import Found, Plugins, find_plugins
from immich_flask.infra.config import load_config
from immich_flask.infra.http.blueprint import Blueprint

MakePlugin = Callable[..., dict[str, Found]]


@pytest.fixture
def make_plugin() -> Iterator[MakePlugin]:
    """`make_plugin("a", requires=("b",), register_jobs=lambda: [...])`: an importable plugin, for this test."""
    made: list[str] = []

    def make(name: str, *, requires: tuple[str, ...] = (), api_version: str = API_VERSION, fallback: bool = False,
             **hooks: Callable) -> dict[str, Found]:
        package, module = types.ModuleType(f"test_{name}"), types.ModuleType(f"test_{name}.hooks")
        package.META = PluginMeta(name, "1", api_version, requires, fallback)
        for hook, function in hooks.items():
            setattr(module, hook, hookimpl(function))
        sys.modules |= {package.__name__: package, module.__name__: module}
        made.extend((package.__name__, module.__name__))
        return {name: Found(package.META, package.__name__)}

    yield make
    for name in made:
        del sys.modules[name]


def load(found: dict[str, Found], **overrides: object) -> Plugins:
    return Plugins(load_config(overrides=overrides, environ={}), found)


def job(name: str) -> Job:
    return Job(name, "backgroundTask", lambda: None)


def test_built_ins_enter_by_the_public_door() -> None:
    assert {"timeline"} <= set(find_plugins())


def test_order_follows_requirements(make_plugin: MakePlugin) -> None:
    found = make_plugin("a", requires=("c",)) | make_plugin("b") | make_plugin("c", requires=("b",))
    assert [plugin.meta.name for plugin in load(found).enabled] == ["b", "c", "a"]


def test_hooks_of_a_disabled_plugin_are_not_even_imported(make_plugin: MakePlugin) -> None:
    found = make_plugin("a")
    del sys.modules["test_a.hooks"]
    assert load(found, **{"plugins.disabled": ["a"]}).enabled == []
    sys.modules["test_a.hooks"] = types.ModuleType("test_a.hooks")


@pytest.mark.parametrize(("said", "disabled", "plugins"), [
    ("names nope, which is not installed", ["nope"], {"a": {}}),
    ("a requires b, which is not installed", [], {"a": {"requires": ("b",)}}),
    ("a requires b, which is disabled", ["b"], {"a": {"requires": ("b",)}, "b": {}}),
    ("written for plugin API 99.0, this server has", [], {"a": {"api_version": "99.0"}}),
    ("no version like", [], {"a": {"api_version": 1}}),
    ("in a circle", [], {"a": {"requires": ("b",)}, "b": {"requires": ("a",)}}),
    ("register_blueprint", [], {"a": {"register_blueprint": lambda: []}}),
    ("registers the setting x twice", [], {"a": {"register_settings": lambda: [Setting("x", 1, "")] * 2}}),
])
def test_mistakes_stop_startup(make_plugin: MakePlugin, said: str, disabled: list[str], plugins: dict) -> None:
    found: dict[str, Found] = {}
    for name, options in plugins.items():
        found |= make_plugin(name, **options)
    with pytest.raises(ConfigError, match=said) as error:
        load(found, **{"plugins.disabled": disabled})
    assert "\n" not in str(error.value)


def test_two_plugins_cannot_register_the_same(make_plugin: MakePlugin) -> None:
    found = make_plugin("a", register_jobs=lambda: [job("x")]) | make_plugin("b", register_jobs=lambda: [job("x")])
    with pytest.raises(ConfigError, match="plugins a and b both register the job x; disable one"):
        load(found).jobs
    assert list(load(found, **{"plugins.disabled": ["b"]}).jobs) == ["x"]


def test_a_fallback_leaves_to_others_what_they_register(make_plugin: MakePlugin) -> None:
    ours, theirs = job("same"), job("same")
    found = make_plugin("a", fallback=True, register_jobs=lambda: [ours, job("only ours")])
    assert load(found).jobs["same"] is ours
    found |= make_plugin("b", register_jobs=lambda: [theirs])
    plugins = load(found)
    assert plugins.jobs["same"] is theirs
    assert set(plugins.jobs) == {"same", "only ours"}


def blueprint(name: str, *rules: str) -> Blueprint:
    made = Blueprint(name, __name__, url_prefix="/things", tag="Things")
    for method, rule in (rule.split() for rule in rules):
        made.operation(method, rule, f"{method}{rule}")(lambda: None)
    return made


def test_a_blueprint_of_a_fallback_steps_aside_as_a_whole(make_plugin: MakePlugin) -> None:
    ours, beside, theirs = (blueprint("ours", "GET /{id}", "GET /{id}/parts"), blueprint("beside", "GET /{id}/colours"),
                            blueprint("theirs", "PUT /{name}"))
    found = make_plugin("a", fallback=True, register_blueprints=lambda: [ours, beside])
    assert load(found).blueprints == [ours, beside]
    found |= make_plugin("b", register_blueprints=lambda: [theirs])
    assert load(found).blueprints == [beside, theirs]
    assert load(found, **{"plugins.disabled": ["b"]}).blueprints == [ours, beside]


def test_one_that_cannot_be_imported_is_named(make_plugin: MakePlugin) -> None:
    found = make_plugin("a")
    del sys.modules["test_a.hooks"]
    with pytest.raises(ConfigError, match="plugin a cannot be loaded: .*plugins.disabled"):
        load(found)
    sys.modules["test_a.hooks"] = types.ModuleType("test_a.hooks")


def test_settings_have_defaults_and_are_checked(make_plugin: MakePlugin) -> None:
    def settings() -> list[Setting]:
        return [Setting("zoom", 3, "how near", lambda value: None if value > 0 else "must be positive")]

    found = make_plugin("a", register_settings=settings)
    environ = {"IMMICH_FLASK_PLUGIN__A__ZOOM": "5"}
    assert load(found).settings == {"a": {"zoom": 3}}
    assert Plugins(load_config(environ=environ), found).settings == {"a": {"zoom": 5}}
    for name, value, said in (("A__ZOOM", "0", "zoom must be positive"), ("A__ZOOM", "x", "must be like 3"),
                              ("A__ZOMO", "1", "has no key zomo"), ("B__ZOOM", "1", "no such plugin")):
        with pytest.raises(ConfigError, match=said):
            Plugins(load_config(environ={f"IMMICH_FLASK_PLUGIN__{name}": value}), found)
