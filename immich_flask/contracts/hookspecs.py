"""Every hook a plugin can implement. Argument names are part of the contract; an implementation may take fewer.

All `register_*` hooks are called once, when an app is built. What they return is collected; a duplicate stops startup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import click
    import flask
    import peewee
    from immich_flask.contracts import plugin as records
    from immich_flask.contracts.auth import Auth

PROJECT = "immich_flask"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_blueprints() -> Iterable[flask.Blueprint]:
    """Routes, as `immich_flask.infra.http.blueprint.Blueprint`; served below `/api`."""


@hookspec
def register_models() -> Iterable[type[peewee.Model]]:
    """Peewee models whose tables the plugin's own `migrations/` folder creates; compared with the schema by
    `immich-flask migrate --check`."""


@hookspec
def register_settings() -> Iterable[records.Setting]:
    """Keys of the configuration table `[plugin.<name>]`."""


@hookspec
def register_jobs() -> Iterable[records.Job]:
    """Background and periodic work."""


@hookspec
def register_listeners(live_events: list[records.LiveEvent]) -> Iterable[records.Listener]:
    """Functions to call when something happens (`immich_flask.contracts.events`).

    `live_events` are those of all plugins (`register_live_events`), for whoever carries them to the clients."""


@hookspec
def register_live_events() -> Iterable[records.LiveEvent]:
    """What clients that are connected hear at once when something has happened."""


@hookspec
def register_asset_filters() -> Iterable[records.AssetFilter]:
    """Query parameters by which timeline, search, map and download can be narrowed."""


@hookspec
def register_shared_libraries() -> Iterable[records.SharedLibrary]:
    """Tables that let one user see another's whole library."""


@hookspec
def register_sync_types(libraries: list[records.SharedLibrary]) -> Iterable[records.SyncType]:
    """What the mobile app keeps a copy of, and how it hears of changes. One plugin answers a request type.

    `libraries` are those that plugins share (`register_shared_libraries`): rows that belong to a library go by a type of
    their own to those who see it."""


@hookspec
def register_commands() -> Iterable[click.Command]:
    """Commands of the `immich-flask` program, run in an app context with a database connection."""


@hookspec
def asset_access_rules(auth: Auth, permission: str) -> Iterable[records.AssetGrant]:
    """Assets of others that `auth` may reach with `permission` (`asset.read`, `asset.view`, `asset.download`,
    `asset.share`). Called for each query of assets that is not limited to the caller's own."""


@hookspec
def response_fields(kind: str, ids: list[str], auth: Auth) -> Iterable[records.ResponseField]:
    """Fields for answers about `kind` (`"asset"`, `"album"`), for a whole page of ids at once."""


@hookspec
def find_named(kind: str, query: Mapping[str, Any], auth: Auth) -> Iterable[dict]:
    """What this plugin knows of a `kind` (`"place"`, `"person"`) by name, best first, as the wire has it
    (`GET /search/places`, `GET /search/person`). `query` holds the parameters of the call, `name` among them."""


@hookspec(firstresult=True)
def authenticate(request: flask.Request) -> Auth | None:
    """Recognise a credential that the core doesn't know (a shared link's key). None: not mine; raise
    `errors.Unauthorized`: mine, and wrong. Called before the core looks for sessions and API keys."""


@hookspec(firstresult=True)
def page_tags(path: str) -> records.PageTags | None:
    """What the page at this path (`/share/...`) says to programs that preview addresses. None: not mine, or nothing;
    raise `errors.NotFound`: mine, and there is nothing. There is no database connection yet."""


@hookspec
def server_features(config: Any) -> records.Features:
    """Flags of `GET /server/features`; `config` is the system configuration as stored."""


@hookspec
def preference_defaults() -> dict[str, Any]:
    """The sections of the users' preferences that this plugin serves, with their default values,
    `{section: {key: value}}`. Sections and keys are those of the wire; one that nobody serves reads as switched off."""


@hookspec
def check_config(config: Any) -> None:
    """Raise `errors.ConfigError` when the configuration file asks for what cannot be."""


@hookspec
def health_checks() -> Iterable[records.HealthCheck]:
    """Parts that the health endpoint reports."""


@hookspec
def startup(app: flask.Flask) -> None:
    """The app is built; the database may not be reachable yet."""
