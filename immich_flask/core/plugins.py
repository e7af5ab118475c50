"""Plugins: found by entry point, checked, put in order, asked for what they add. One set per app."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy

from immich_flask.contracts import hookspecs
from immich_flask.contracts.deprecation import warn_of
from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.events import Event
from immich_flask.contracts.plugin import (
    API_VERSION, AssetFilter, HealthCheck, Job, Listener, LiveEvent, PluginMeta, Setting, StoredObjects, SyncType,
)
from immich_flask.core.plugin_guard import guarded
from immich_flask.infra.config import Config
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.migrations import Source

GROUP = "immich_flask.plugins"

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """An installed plugin: what it says of itself, and its package (`plugins.albums`). `broken` says why it cannot be
    used, which matters as soon as it is enabled."""

    meta: PluginMeta
    package: str
    broken: str = ""

    @property
    def migrations(self) -> Path:
        return Path(importlib.import_module(self.package).__file__).parent / "migrations"


def find_plugins() -> dict[str, Found]:
    """All installed plugins by name. Imports only their packages, which hold nothing but META."""
    found: dict[str, Found] = {}
    for entry in entry_points(group=GROUP):
        plugin = _found(entry.name, entry.value)
        if entry.name in found and found[entry.name] != plugin:
            raise ConfigError(f"two plugins are called {entry.name}: {found[entry.name].package} and {entry.value}; "
                              f"uninstall one")
        found[entry.name] = plugin
    return found


def _found(name: str, package: str) -> Found:
    nothing = PluginMeta(name, "?", API_VERSION)
    if not NAME.fullmatch(name):
        return Found(nothing, package, "its name has to be lower-case letters, digits and underscores")
    try:
        meta = importlib.import_module(package).META
    except Exception as error:
        return Found(nothing, package, f"it cannot be imported: {error!r}")
    if not isinstance(meta, PluginMeta):
        return Found(nothing, package, f"its META is no PluginMeta, but {meta!r}")
    if meta.name != name:
        return Found(nothing, package, f"its entry point is called {name}, but its META says {meta.name}")
    return Found(meta, package)


class Plugins:
    """The enabled plugins of one app, in dependency order, and everything they registered.

    Raises ConfigError, with one line that says what to change, for unknown or missing names, a wrong API version, a
    misspelt hook, or anything that is registered twice.
    """

    def __init__(self, config: Config, found: dict[str, Found] | None = None, specs: Any = hookspecs) -> None:
        self.found = find_plugins() if found is None else found
        self.enabled = _in_order(self.found, config.plugins.disabled)
        self._owners: dict[tuple[str, Any], str] = {}
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(specs)
        for plugin in self.enabled:
            try:
                module = importlib.import_module(f"{plugin.package}.hooks")
            except Exception as error:
                raise ConfigError(f"plugin {plugin.meta.name} cannot be loaded: {error!r}; "
                                  f"mend it, or add it to plugins.disabled") from error
            try:
                self._manager.register(module, plugin.meta.name)
                self._manager.check_pending()
            except pluggy.PluginValidationError as error:
                reason = " ".join(str(error).split())
                raise ConfigError(f"plugin {plugin.meta.name} has a hook that this server does not know, or with "
                                  f"arguments that it does not: {reason}") from error
        self._guard(specs)
        self.settings = self._settings(config)

    def _guard(self, specs: Any) -> None:
        """Let the mistakes of implementations be handled, whoever calls them; warn of what will go."""
        for plugin in self.enabled:
            for caller in self._manager.get_hookcallers(self._manager.get_plugin(plugin.meta.name)) or ():
                spec = getattr(specs, caller.name)
                for implementation in caller.get_hookimpls():
                    if implementation.plugin_name == plugin.meta.name:
                        warn_of(spec, plugin.meta.name, implementation.argnames)
                        implementation.function = guarded(plugin.meta.name, spec, implementation.function)

    @property
    def hook(self) -> Any:
        """Call a hook on all plugins: `plugins.hook.server_features(config=...)`. One that fails is left out (see
        `core.plugin_guard`)."""
        return self._manager.hook

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that are installed, whether enabled or not, each after what it requires."""
        graph = {name: [other for other in sorted(self.found[name].meta.requires) if other in self.found]
                 for name in sorted(self.found)}
        return [name for name in TopologicalSorter(graph).static_order() if name in set(names)]

    def is_enabled(self, name: str) -> bool:
        return any(plugin.meta.name == name for plugin in self.enabled)

    def ask(self, hook: str, **arguments: Any) -> Iterable[tuple[str, Any]]:
        """(plugin name, what `hook` returns there) in dependency order, for plugins that have something to say.
        `arguments` are those of the hook."""
        implementations = {impl.plugin_name: impl for impl in getattr(self._manager.hook, hook).get_hookimpls()}
        for plugin in self.enabled:
            if implementation := implementations.get(plugin.meta.name):
                result = implementation.function(*(arguments[name] for name in implementation.argnames))
                if result is not None:
                    yield plugin.meta.name, result

    def each(self, hook: str, **arguments: Any) -> Iterable[tuple[str, Any]]:
        """The same for hooks that return several things: (plugin name, thing)."""
        for name, items in self.ask(hook, **arguments):
            for item in items:
                yield name, item

    def owner(self, noun: str, key: Any) -> str:
        """Whose the `noun` ("job", "route", "table", "asset filter", ...) called `key` is; empty: the core's."""
        return self._owners.get((noun, key), "")

    @cached_property
    def blueprints(self) -> list[Blueprint]:
        """The plugins' routes."""
        found = list(self.each("register_blueprints"))
        for name, blueprint in found:
            if not isinstance(blueprint, Blueprint):
                raise ConfigError(f"plugin {name} registers {blueprint!r}, which is no "
                                  f"immich_flask.infra.http.blueprint.Blueprint")
            blueprint.owner = name
        served = {path for name, blueprint in found if not self._is_fallback(name) for path in blueprint.paths}
        kept = [blueprint for name, blueprint in found
                if not self._is_fallback(name) or served.isdisjoint(blueprint.paths)]
        seen: set[Any] = set()
        for blueprint in kept:
            self._claim("route name", blueprint.name, blueprint.owner, seen)
            for operation in blueprint.operations:
                self._claim("route", operation, blueprint.owner, seen, " ".join(operation))
        return kept

    @cached_property
    def operations(self) -> set[tuple[str, str]]:
        """(method, path) of the plugins' routes, with `{}` for any parameter."""
        return {operation for blueprint in self.blueprints for operation in blueprint.operations}

    @cached_property
    def commands(self) -> dict[str, Any]:
        """The plugins' commands by name."""
        return self._by_key("register_commands", lambda command: command.name, "command")

    @cached_property
    def health_checks(self) -> dict[str, HealthCheck]:
        """What the plugins have checked, by name."""
        return self._by_key("health_checks", lambda check: check.name, "health check")

    @cached_property
    def preferences(self) -> dict[str, dict[str, Any]]:
        """The sections of the users' preferences that plugins serve, with their defaults."""
        sections = [(name, section, values) for name, found in self.ask("preference_defaults")
                    for section, values in found.items()]
        served: dict[str, dict[str, Any]] = {}
        for name, section, values in sorted(sections, key=lambda found: self._is_fallback(found[0])):
            if section not in served or not self._is_fallback(name):
                self._claim("preference section", section, name, served)
                served[section] = values
        return served

    @cached_property
    def jobs(self) -> dict[str, Job]:
        return self._by_key("register_jobs", lambda job: job.name, "job")

    @cached_property
    def asset_filters(self) -> dict[str, AssetFilter]:
        return self._by_key("register_asset_filters", lambda item: item.name, "asset filter")

    @cached_property
    def sync_types(self) -> dict[str, SyncType]:
        libraries = [library for _, library in self.each("register_shared_libraries")]
        return self._by_key("register_sync_types", lambda item: item.request, "sync type", libraries=libraries)

    @cached_property
    def stored_objects(self) -> dict[str, StoredObjects]:
        """By folder."""
        return self._by_key("register_stored_objects", lambda item: item.folder, "folder of the storage")

    @cached_property
    def models(self) -> list[type]:
        return list(self._by_key("register_models", lambda model: model._meta.table_name, "table").values())

    @cached_property
    def live_events(self) -> list[LiveEvent]:
        """What plugins tell clients that are connected."""
        return list(self._by_key(
            "register_live_events", lambda item: f"{item.name} of {item.when.__name__}", "live event").values())

    @cached_property
    def listeners(self) -> dict[tuple[type[Event], str], list[tuple[str, Listener]]]:
        """(plugin name, listener) by event class and phase."""
        by_event: dict[tuple[type[Event], str], list[tuple[str, Listener]]] = {}
        for name, listener in self.each("register_listeners", live_events=self.live_events):
            by_event.setdefault((listener.event, listener.phase), []).append((name, listener))
        return by_event

    def migration_sources(self) -> list[Source]:
        """The enabled plugins' migration folders, in dependency order."""
        return [Source(plugin.meta.name, plugin.migrations) for plugin in self.enabled if plugin.migrations.is_dir()]

    def _by_key(self, hook: str, key: Callable[[Any], str], noun: str, **arguments: Any) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for name, item in sorted(self.each(hook, **arguments), key=lambda found: self._is_fallback(found[0])):
            if (known := key(item)) in items and self._is_fallback(name):
                continue
            self._claim(noun, known, name, items)
            items[known] = item
        return items

    def _claim(self, noun: str, key: Any, name: str, seen: Any, words: str = "") -> None:
        """Note whose it is. ConfigError when it is another's already, or one of `seen`, that is, the plugin's own."""
        other = self._owners.setdefault((noun, key), name)
        if other != name:
            raise ConfigError(f"plugins {other} and {name} both register the {noun} {words or key}; disable one")
        if key in seen:
            raise ConfigError(f"plugin {name} registers the {noun} {words or key} twice")
        if isinstance(seen, set):
            seen.add(key)

    def _is_fallback(self, name: str) -> bool:
        return self.found[name].meta.fallback

    def _settings(self, config: Config) -> dict[str, dict[str, Any]]:
        """The effective `[plugin.<name>]` tables: defaults, overlaid with the configuration file's values."""
        declared: dict[str, dict[str, Setting]] = {}
        seen: set[Any] = set()
        for name, setting in self.each("register_settings"):
            self._claim("setting", (name, setting.name), name, seen, setting.name)
            declared.setdefault(name, {})[setting.name] = setting
        for name, table in config.plugin.items():
            if name not in self.found:
                raise ConfigError(f"[plugin.{name}]: no such plugin; installed are {', '.join(sorted(self.found))}")
            for key, value in (table.items() if self.is_enabled(name) else ()):
                _check_setting(name, key, value, declared.get(name, {}).get(key))
        return {name: {key: config.plugin.get(name, {}).get(key, setting.default) for key, setting in table.items()}
                for name, table in declared.items()}


def _check_setting(name: str, key: str, value: Any, setting: Setting | None) -> None:
    if setting is None:
        raise ConfigError(f"[plugin.{name}] has no key {key}")
    if type(value) is not type(setting.default):
        raise ConfigError(f"[plugin.{name}] {key} must be like {setting.default!r}, not {value!r}")
    if setting.check and (wrong := setting.check(value)):
        raise ConfigError(f"[plugin.{name}] {key} {wrong}")


def _wrong_version(wanted: str) -> str | None:
    """Why a plugin that was written for this version of the plugin API cannot be loaded; None when it can."""
    match = _VERSION.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        return f'states the plugin API {wanted!r}, which is no version like "{API_VERSION}"'
    major, minor = map(int, API_VERSION.split("."))
    if int(match[1]) != major or int(match[2]) > minor:
        return f"is written for plugin API {wanted}, this server has {API_VERSION}"
    return None


def _in_order(found: dict[str, Found], disabled: list[str]) -> list[Found]:
    for name in disabled:
        if name not in found:
            raise ConfigError(f"plugins.disabled names {name}, which is not installed; "
                              f"installed are {', '.join(sorted(found))}")
    enabled = {name: plugin for name, plugin in found.items() if name not in disabled}
    for name, plugin in enabled.items():
        if plugin.broken:
            raise ConfigError(f"plugin {name} ({plugin.package}) cannot be used: {plugin.broken}; "
                              f"mend it, uninstall it, or add {name} to plugins.disabled")
        if wrong := _wrong_version(plugin.meta.api_version):
            raise ConfigError(f"plugin {name} {wrong}; install a matching version or add {name} to plugins.disabled")
        for needed in plugin.meta.requires:
            if needed not in enabled:
                what = "is disabled" if needed in found else "is not installed"
                raise ConfigError(f"plugin {name} requires {needed}, which {what}; "
                                  f"enable {needed} or add {name} to plugins.disabled")
    try:
        order = TopologicalSorter({name: sorted(enabled[name].meta.requires) for name in sorted(enabled)})
        return [enabled[name] for name in order.static_order()]
    except CycleError as error:
        raise ConfigError(f"plugins require each other in a circle: {' -> '.join(error.args[1])}") from error
