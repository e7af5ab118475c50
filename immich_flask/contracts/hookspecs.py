"""Every hook a plugin can implement. Argument names are part of the contract; an implementation may take fewer.

All `register_*` hooks are called once, when an app is built. What they return is collected; a duplicate stops startup.
The docstrings are the reference: `docs/reference.py` writes them into docs/hooks.md. Of a hook that is called later, the
last paragraph says when, and whether in a transaction ("Called: ...").
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

_AT_START = ("check_config", "health_checks", "preference_defaults", "startup")


def is_asked_at_start(hook: str) -> bool:
    """Is this one of the hooks that are called once, when an app is built?"""
    return hook.startswith("register_") or hook in _AT_START


@hookspec
def register_blueprints() -> Iterable[flask.Blueprint]:
    """Routes, as `immich_flask.infra.http.blueprint.Blueprint`; served below `/api`. A route that raises anything but an
    `ApiError` answers 500, and the log names the plugin."""


@hookspec
def register_models() -> Iterable[type[peewee.Model]]:
    """Peewee models whose tables the plugin's own `migrations/` folder creates; compared with the schema by
    `immich-flask migrate --check`."""


@hookspec
def register_settings() -> Iterable[records.Setting]:
    """Keys of the configuration table `[plugin.<name>]`. Their values are in `runtime.plugins.settings[<name>]`; one of
    another type than the default, or that `check` refuses, stops startup."""


@hookspec
def register_jobs() -> Iterable[records.Job]:
    """Background and periodic work. It runs outside of any transaction, after the one that queued it was committed; one
    that fails is tried again, and the log names the plugin."""


@hookspec
def register_stored_objects() -> Iterable[records.StoredObjects]:
    """Folders of the storage in which this plugin keeps objects. A row is written after its bytes are safe; bytes that no
    row names are removed after a day, and those kept for a user go with him."""


@hookspec
def register_listeners(live_events: list[records.LiveEvent]) -> Iterable[records.Listener]:
    """Functions to call when something happens (`immich_flask.contracts.events`), in the transaction or after it: see the
    events below.

    `live_events` are those of all plugins (`register_live_events`), for whoever carries them to the clients."""


@hookspec
def register_live_events() -> Iterable[records.LiveEvent]:
    """What clients that are connected hear at once when something has happened."""


@hookspec
def register_asset_filters() -> Iterable[records.AssetFilter]:
    """Query parameters by which timeline, search, map and download can be narrowed: those of the wire that belong to a
    feature, or others with a `value` of their own. One whose plugin is switched off is refused."""


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
    """Commands of the `immich-flask` program. They run in an app context with a database connection (without, those
    that went through `contracts.plugin.without_database`), outside of any transaction; an `ApiError` or a `ConfigError`
    ends the program with its text as one line."""


@hookspec
def asset_access_rules(auth: Auth, permission: str) -> Iterable[records.AssetGrant]:
    """Assets of others that `auth` may reach with `permission` (`asset.read`, `asset.view`, `asset.download`,
    `asset.share`). The core adds the moving parts of live photos, and takes out what is locked or trashed.

    Called: for each query of assets that is not limited to the caller's own, in requests, in a transaction where the
    request changes something. Return queries, don't run them."""


@hookspec
def response_fields(kind: str, ids: list[str], auth: Auth) -> Iterable[records.ResponseField]:
    """Fields for answers about `kind` (`"asset"`, `"album"`), for a whole page of ids at once. Assets have `tags`,
    `people`, `stack`; albums `hasSharedLink`. Their values may depend on the caller and the database, not on the clock:
    finished answers are kept until somebody writes.

    Called: once for a page, however long, while the answer is made; seldom in a transaction."""


@hookspec
def find_named(kind: str, query: Mapping[str, Any], auth: Auth) -> Iterable[dict]:
    """What this plugin knows of a `kind` (`"place"`, `"person"`) by name, best first, as the wire has it
    (`GET /search/places`, `GET /search/person`). `query` holds the parameters of the call, `name` among them.

    Called: in the request of the search; not in a transaction."""


@hookspec(firstresult=True)
def authenticate(request: flask.Request) -> Auth | None:
    """Recognise a credential that the core doesn't know (a shared link's key). None: not mine; raise
    `errors.Unauthorized`: mine, and wrong.

    Called: at the beginning of each request that needs a caller, before the core looks for sessions and API keys; not
    in a transaction. The first plugin that returns something is believed."""


@hookspec(firstresult=True)
def page_tags(path: str) -> records.PageTags | None:
    """What the page at this path (`/share/...`) says to programs that preview addresses: title, description, picture.
    None: not mine, or nothing; raise `errors.NotFound`: mine, and there is nothing; then the page is sent with 404.

    Called: when a page outside of `/api` is asked for. There is no database connection yet (`infra.db.connected`)."""


@hookspec
def server_features(config: Any) -> records.Features:
    """Flags of `GET /server/features`; `config` is the system configuration as stored. Clients know a fixed set of
    flags, and ask for a feature only where its flag is true.

    Called: whenever a client asks; not in a transaction."""


@hookspec
def preference_defaults() -> dict[str, Any]:
    """The sections of the users' preferences that this plugin serves, with their default values,
    `{section: {key: value}}`. Sections and keys are those of the wire; one that nobody serves reads as switched off."""


@hookspec
def check_config(config: Any) -> None:
    """Raise `errors.ConfigError` when the configuration file asks for what cannot be."""


@hookspec
def health_checks() -> Iterable[records.HealthCheck]:
    """Parts that the health endpoint reports. The checks themselves run whenever somebody asks, without a database
    connection of their own (`infra.db.connected`); one that raises is not well."""


@hookspec
def startup(app: flask.Flask) -> None:
    """The app is built; the database may not be reachable yet. For what no other hook is there for: pages outside of
    `/api`, files that are read once."""
