"""What plugins claim that is taken already, by the core or by the wire. Between plugins, `core.plugins` notices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.filters import Narrowed, WIRE_FILTERS
from immich_flask.core.health import CORE_CHECKS
from immich_flask.core.models import CORE_TABLES
from immich_flask.core.plugins import Plugins
from immich_flask.core.users.preferences import CORE_SECTIONS, FEATURE_SECTIONS
from immich_flask.infra.http.blueprint import Blueprint

PERMISSIONS = frozenset(Permission)


def check_claims(plugins: Plugins, blueprints: Iterable[Blueprint], commands: Iterable[str]) -> None:
    """Raise ConfigError for the first thing that an enabled plugin registers and that is the core's, or has no place on
    the wire. `blueprints` and `commands` are the core's."""
    # Between plugins it is noticed as soon as somebody looks.
    _ = plugins.listeners, plugins.sync_types, plugins.jobs
    operations = {operation for blueprint in blueprints for operation in blueprint.operations}
    _taken(plugins, "route", plugins.operations, operations, lambda route: " ".join(route))
    _taken(plugins, "route name", [blueprint.name for blueprint in plugins.blueprints],
           {blueprint.name for blueprint in blueprints})
    _taken(plugins, "table", [model._meta.table_name for model in plugins.models],
           CORE_TABLES)
    _taken(plugins, "command", plugins.commands, set(commands))
    _taken(plugins, "health check", plugins.health_checks, set(CORE_CHECKS))
    _taken(plugins, "preference section", plugins.preferences, CORE_SECTIONS.keys())
    for section in plugins.preferences.keys() - FEATURE_SECTIONS.keys():
        raise ConfigError(f"plugin {plugins.owner('preference section', section)} serves the preference section "
                          f"{section}, which clients do not know; they know {', '.join(FEATURE_SECTIONS)}")
    for blueprint in plugins.blueprints:
        for permission in blueprint.permissions - PERMISSIONS:
            raise ConfigError(f"plugin {blueprint.owner} asks for the permission {permission}, which no API key can "
                              f"hold; take one of contracts.permissions")
    _check_filters(plugins)


def _check_filters(plugins: Plugins) -> None:
    """A filter is one of those that the wire leaves to plugins, or has a name of its own and says how to read it."""
    known = {name for schema in Narrowed.__subclasses__() for name in schema.names()} - set(WIRE_FILTERS)
    _taken(plugins, "asset filter", plugins.asset_filters, known)
    for name, item in plugins.asset_filters.items():
        if name not in WIRE_FILTERS and item.value is None:
            raise ConfigError(f"plugin {plugins.owner('asset filter', name)} registers the asset filter {name}, which "
                              f"clients do not know, without saying by `value` how it is read")


def _taken(plugins: Plugins, noun: str, claimed: Iterable[Any], core: Iterable[Any],
           words: Any = str) -> None:
    for key in claimed:
        if key in core:
            name = plugins.owner(noun, key)
            raise ConfigError(f"plugin {name} registers the {noun} {words(key)}, which the core has; disable {name}")
