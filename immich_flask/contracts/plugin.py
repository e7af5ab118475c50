"""What a plugin declares about itself, and the small frozen records that its hooks return."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from immich_flask.contracts.enums import JobName
from immich_flask.contracts.events import Event

if TYPE_CHECKING:
    import click

API_VERSION = "1.0"
"""Version of this plugin interface, `major.minor`. The minor grows when something is added, the major when something is
changed or removed. A plugin states the one it was written for: it loads under the same major and the same or a later
minor; any other stops startup (docs/plugins.md)."""


@dataclass(frozen=True, slots=True)
class PluginMeta:
    """`META` in a plugin's `__init__.py`.

    name: of the entry point, too: lower-case letters, digits and underscores. It names the table `[plugin.<name>]` of
        the configuration and the history of the plugin's migrations.
    api_version: the `API_VERSION` that it was written for, as a literal ("1.0"): what is imported is always the newest.
    requires: names of plugins that must be enabled, and whose `api` module this one may import.

    `fallback`: this plugin speaks for features that nobody else has. What another registers as well is left to that
    one, and does not stop startup; a blueprint steps aside as a whole where another plugin serves one of its paths.
    """

    name: str
    version: str
    api_version: str
    requires: tuple[str, ...] = ()
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the table `[plugin.<name>]` in the configuration file.

    `check` gets the value and returns None or what is wrong with it, as a few words ("must be positive").
    """

    name: str
    default: Any
    help: str
    check: Callable[[Any], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Background work known by `name`, run by a worker process of `queue`.

    `run(**payload)` gets the plain JSON values it was queued with, in an app context with a database connection. It
    may run twice (a worker was killed), so doing it again must do no harm. A run that raises is tried again `retries`
    times with growing delay, then kept as failed; while database or storage are away it waits, which counts as no try.

    `cron` (five fields, server time) makes it periodic: run once per tick however many workers there are, without
    arguments. A function gives the line as the administrator set it just now, or None while it is switched off.

    `shown_as`: clients know the names of `JobName` alone, and some stop at another. A job with a name of its own says
    here which of those it resembles.
    """

    name: str
    queue: str
    run: Callable[..., None]
    cron: str | Callable[[], str | None] | None = None
    retries: int = 3
    shown_as: JobName | None = None


def without_database(command: click.Command) -> click.Command:
    """`command`, for `register_commands`, as one that needs no database: it works on a new server, too."""
    command.needs_database = False
    return command


@dataclass(frozen=True, slots=True)
class Listener:
    """`run(event)` for each `event` (exact class). See `contracts.events` for the two phases."""

    event: type[Event]
    phase: Literal["inside", "after"]
    run: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What clients that are connected hear at once when something has happened. See `docs/realtime.md`.

    name: what it is called on the wire (`on_album_update`). One plugin makes a name of an event.
    when: the event it tells of (exact class).
    to: `to(event)` returns the ids of the users who hear of it; without it everybody does.
    arguments: `arguments(event)` returns what comes with it, as plain JSON values; without it that is nothing. It is
        called in the transaction and kept with it, so it holds what is known anyway.
    expand: `expand(*arguments)` yields the arguments of each message to send, one list for each; without it there is
        one message, with `arguments` as they are. It runs after the commit, where somebody listens and only there, in
        an app context with a database connection: the place for what takes queries. It yields nothing when there is
        nothing to tell any more.
    """

    name: str
    when: type[Event]
    to: Callable[[Any], Iterable[str]] | None = None
    arguments: Callable[[Any], list[Any]] | None = None
    expand: Callable[..., Iterable[list[Any]]] | None = None


@dataclass(frozen=True, slots=True)
class AssetGrant:
    """Assets that a caller may reach although they are not his own, said in one of two ways.

    `asset_ids` is a one-column query of asset ids. The database may read all of it to answer for one picture, so it is
    for short lists.

    `covers(asset, *values)` returns the condition that an asset, the model or an alias of it, is among them; `values` are
    ids (of the caller, of a link) to compare with columns. Let it be an `EXISTS` that looks up by the asset's id or
    owner, as it is put about assets that are known already. Its text is kept and used again with other values: it may
    depend on nothing but the function, which is the same each time, not a lambda made anew.

    The core adds the moving parts of live photos and takes out what is locked, and what is trashed.
    """

    name: str
    asset_ids: Any = None
    covers: Callable[..., Any] | None = None
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """One query parameter of timeline, search, map and download, by its name on the wire.

    `where(value, auth)` returns a Peewee condition on `Asset`, or raises an `ApiError` when the caller may not use the
    value. It may depend on the value, the caller and the database, not on the clock or on what only this process knows:
    finished answers are kept until somebody writes. What the condition does, by `effect`:

    narrow: leaves less of what is asked for anyway (a tag).
    scope: says itself whose assets are asked for, instead of the caller's own (an album).
    widen: adds to the caller's own (partners). It returns a list of conditions, one for each owner where that can be
    said, so that the database walks along an index for each; an empty list adds nothing.

    takes_null: None is a value that says something (`tagIds: null` asks for what has no tag), not the lack of one.
    value: for a name that Immich's clients do not know, to be used by others: makes the marshmallow field that reads
        the value. The same one reads it from a query, where everything is text, and from JSON, so take one of
        `infra.http.schemas` that reads text (`UUIDv4`, `StrictStr`, `Enum`, `DateTime`).
    key: for filters that official clients use all the time: `key(value, auth)` returns what the condition depends on,
        besides `auth.user_id`; as long as that stays the same the condition is not asked for again. Not for a `where`
        that raises.
    owners: for filters that let in libraries as a whole: `owners(value, auth)` returns the ids of those whose timelines
        they let in, and `where` no asset with visibility `timeline` but all of theirs that are not in the trash. Whoever
        keeps counts of libraries answers by these then. It raises what `where` raises.
    leaves_out: for a filter that narrows by taking away little: `leaves_out(value, auth)` returns the condition that
        `where` is not fulfilled, such that an index finds the few assets of an owner. Then they are subtracted from what
        is known of the library.
    """

    name: str
    where: Callable[[Any, Any], Any]
    effect: Literal["narrow", "scope", "widen"] = "narrow"
    takes_null: bool = False
    value: Callable[[], Any] | None = None
    key: Callable[[Any, Any], Hashable] | None = None
    owners: Callable[[Any, Any], Sequence[str]] | None = None
    leaves_out: Callable[[Any, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class ResponseField:
    """One field that a plugin fills in an answer. `values` maps an id to the value; `missing` stands for the others."""

    name: str
    values: Mapping[str, Any]
    missing: Any = None


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """Objects of the storage under keys `folder/{user id}/{row id}...`, beside those of the core.

    `known(ids)` returns a query of the keys that the rows with these ids (a subquery) name. What no row names is swept
    after a day; what is kept for a user goes with him.
    """

    folder: str
    known: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class PageTags:
    """What a page says about itself to programs that preview addresses (Open Graph). `image` is a path on this
    server."""

    title: str
    description: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """`run()` returns None when well, else what is wrong."""

    name: str
    run: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Features:
    """Flags of `GET /server/features` that this plugin makes true (or false, by its configuration)."""

    flags: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyncRows:
    """One kind of lines of the sync stream, and the rows they are made of. See `docs/sync.md`.

    type: the type of the lines on the wire (`StackV1`, one of `contracts.sync.SyncEntityType`).
    order: the column of the rows' time-ordered ids, by which they are sent and acknowledged: `Stack.update_id`,
        `Tombstone.id`.
    query: `query(user_id)` returns a Peewee query of the rows that this user may know. What it selects and how it is
        sorted does not matter. It is called once, when the app starts, with an id that stands for every user's, and so
        are all these functions: they compare it with columns, and do nothing else with it.
    fields: `data` of a line as `infra.json_rows` takes it, `{name on the wire: column, expression or constant}`; or a
        function of the user's id that returns it.
    """

    type: str
    order: Any
    query: Callable[[str], Any]
    fields: Mapping[str, Any] | Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SyncBackfill:
    """What was there before the user got access to it, so that its ids are older than what he has acknowledged.

    type: the type of these lines (`PartnerAssetBackfillV2`); their data is that of `upserts`.
    created: the column that tells since when he has access: `Partner.create_id`.
    parents: `parents(user_id)` returns a query of one column, the ids of what he has access to (partners, albums), from
        the table of `created`.
    within: `within(parent_id)` returns the condition that narrows the query of `upserts` to one of them.
    """

    type: str
    created: Any
    parents: Callable[[str], Any]
    within: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class SharedLibrary:
    """A table whose rows let one user see another's whole library, except what is archived, locked or in the trash.

    Three of its columns: `owner` and `viewer` are the ids of the two, `since` is the time-ordered id of when that began
    (`TrackedLink.create_id`). `core.sync` makes sync types of it.
    """

    owner: Any
    viewer: Any
    since: Any


@dataclass(frozen=True, slots=True)
class SyncType:
    """The answer to one request type of `POST /sync/stream` (`StacksV1`): `deletes`, `backfill`, `updates`, `upserts`,
    in this order. Where it stands among the other types is fixed by the wire.

    deletes: what the client has to forget; several of the same type are merged.
    updates: for types whose `upserts` go by the id of a link (an asset was put into an album): the linked rows that
        changed behind links that the client knows. Its query joins the table of `upserts.order`.
    """

    request: str
    upserts: SyncRows
    deletes: tuple[SyncRows, ...] = ()
    backfill: SyncBackfill | None = None
    updates: SyncRows | None = None
