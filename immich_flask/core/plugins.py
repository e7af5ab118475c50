"""Plugins: found by entry point, checked, put in order, asked for what they add. One set per app."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy

from immich_flask.contracts import hookspecs
from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.events import Event
from immich_flask.contracts.plugin import (
    API_VERSION, AssetFilter, Job, Listener, LiveEvent, PluginMeta, Setting, SyncType,
)
from immich_flask.infra.config import Config
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.migrations import Source

GROUP = "immich_flask.plugins"


@dataclass(frozen=True, slots=True)
class Found:
    """An installed plugin: what it says of itself, and its package (`plugins.albums`)."""

    meta: PluginMeta
    package: str

    @property
    def migrations(self) -> Path:
        return Path(importlib.import_module(self.package).__file__).parent / "migrations"


def find_plugins() -> dict[str, Found]:
    """All installed plugins by name. Imports only their packages, which hold nothing but META."""
    found: dict[str, Found] = {}
    for entry in entry_points(group=GROUP):
        try:
            meta = entry.load().META
        except Exception as error:
            raise ConfigError(f"plugin {entry.name} ({entry.value}) cannot be imported: {error!r}; "
                              f"mend or uninstall it") from error
        if meta.name in found:
            raise ConfigError(f"two plugins are called {meta.name}: {found[meta.name].package} and {entry.value}; "
                              f"uninstall one")
        found[meta.name] = Found(meta, entry.value)
    return found


class Plugins:
    """The enabled plugins of one app, in dependency order, and everything they registered.

    Raises ConfigError, with one line that says what to change, for unknown or missing names, a wrong API version, a
    misspelt hook, or anything that is registered twice.
    """

    def __init__(self, config: Config, found: dict[str, Found] | None = None) -> None:
        self.found = find_plugins() if found is None else found
        self.enabled = _in_order(self.found, config.plugins.disabled)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        for plugin in self.enabled:
            try:
                module = importlib.import_module(f"{plugin.package}.hooks")
            except Exception as error:
                raise ConfigError(f"plugin {plugin.meta.name} cannot be loaded: {error!r}; "
                                  f"mend it, or add it to plugins.disabled") from error
            self._manager.register(module, plugin.meta.name)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise ConfigError(f"plugin {error.plugin.__name__}: {error}") from error
        self.settings = self._settings(config)

    @property
    def hook(self) -> Any:
        """Call a hook on all plugins: `plugins.hook.server_features(config=...)`."""
        return self._manager.hook

    def is_enabled(self, name: str) -> bool:
        return any(plugin.meta.name == name for plugin in self.enabled)

    def each(self, hook: str, **arguments: Any) -> Iterable[tuple[str, Any]]:
        """(plugin name, what it registered) for everything that `hook` returns, in dependency order. `arguments` are
        those of the hook."""
        implementations = {impl.plugin_name: impl for impl in getattr(self._manager.hook, hook).get_hookimpls()}
        for plugin in self.enabled:
            if implementation := implementations.get(plugin.meta.name):
                for item in implementation.function(*(arguments[name] for name in implementation.argnames)):
                    yield plugin.meta.name, item

    @cached_property
    def blueprints(self) -> list[Blueprint]:
        """The plugins' routes."""
        found = list(self.each("register_blueprints"))
        served = {path for name, blueprint in found if not self._is_fallback(name) for path in blueprint.paths}
        return [blueprint for name, blueprint in found
                if not self._is_fallback(name) or served.isdisjoint(blueprint.paths)]

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
        owners: dict[str, str] = {}
        items: dict[str, Any] = {}
        for name, item in sorted(self.each(hook, **arguments), key=lambda found: self._is_fallback(found[0])):
            if (known := key(item)) in items:
                if self._is_fallback(name):
                    continue
                raise ConfigError(f"plugins {owners[known]} and {name} both register the {noun} {known}; disable one")
            owners[known], items[known] = name, item
        return items

    def _is_fallback(self, name: str) -> bool:
        return self.found[name].meta.fallback

    def _settings(self, config: Config) -> dict[str, dict[str, Any]]:
        """The effective `[plugin.<name>]` tables: defaults, overlaid with the configuration file's values."""
        declared: dict[str, dict[str, Setting]] = {}
        for name, setting in self.each("register_settings"):
            if setting.name in declared.setdefault(name, {}):
                raise ConfigError(f"plugin {name} registers the setting {setting.name} twice")
            declared[name][setting.name] = setting
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


def _in_order(found: dict[str, Found], disabled: list[str]) -> list[Found]:
    for name in disabled:
        if name not in found:
            raise ConfigError(f"plugins.disabled names {name}, which is not installed; "
                              f"installed are {', '.join(sorted(found))}")
    enabled = {name: plugin for name, plugin in found.items() if name not in disabled}
    for name, plugin in enabled.items():
        if plugin.meta.api_version != API_VERSION:
            raise ConfigError(f"plugin {name} is written for plugin API {plugin.meta.api_version}, this server has "
                              f"{API_VERSION}; install a matching version or add it to plugins.disabled")
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
