"""What keeps the stream in order: tombstones go after a while, and who holds back the horizon is told of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import SyncType
from immich_flask.contracts.sync import SyncEntityType
from immich_flask.infra.db import atomic, connected
from immich_flask.infra.horizon import Writer, horizon, id_at, milliseconds_of, oldest_writer
from immich_flask.infra.tracking import Tombstone
from plugins.sync.service import KNOWN_FOR, ORDER, RETIRED

LINES = frozenset(SyncEntityType)

KEPT_FOR = KNOWN_FOR + timedelta(days=1)

AT_ONCE = 10_000
"""Tombstones per transaction: others get their turn to write in between."""

TOO_LONG = timedelta(minutes=15)
"""After which a writing transaction is taken for forgotten."""


def remove_old_tombstones() -> None:
    """Remove those of which every client that is not told to start over has heard."""
    # What clients have heard of is counted from the horizon, not from now.
    oldest = id_at(milliseconds_of(horizon().moment) * 1000 - KEPT_FOR // timedelta(microseconds=1))
    some = Tombstone.select(Tombstone.id).where(Tombstone.id < oldest).limit(AT_ONCE)
    removed = AT_ONCE
    while removed == AT_ONCE:
        with atomic():
            removed = Tombstone.delete().where(Tombstone.id.in_(some)).execute()


def held_back() -> str | None:
    """What is wrong when a transaction that has written stays open: clients get the same rows again and again."""
    with connected():
        writer = oldest_writer()
    return complaint(writer) if writer and writer.age > TOO_LONG else None


def complaint(writer: Writer) -> str:
    who = f"process {writer.pid}" if writer.pid else "a prepared transaction"
    return f"{who} has written and not committed for {writer.age}; clients get the same changes again until it does"


def check_types(served: Mapping[str, SyncType], owner: Callable[[str], str] = lambda request: "") -> None:
    """Raise ConfigError for what the clients would stumble over: request types and lines that they don't know. `owner`
    says which plugin registers a request type."""
    for request, type in served.items():
        lines = {rows.type for rows in (*type.deletes, type.backfill, type.updates, type.upserts) if rows}
        wrong = None
        if request not in ORDER:
            wrong = "is retired" if request in RETIRED else "is unknown to the clients"
        elif unknown := lines - LINES:
            wrong = f"has lines of {', '.join(sorted(unknown))}, which is unknown to the clients"
        elif len({rows.type for rows in type.deletes}) > 1:
            wrong = "has deletes of several types"
        if wrong:
            raise ConfigError(f"the sync type {request} {wrong}; mend or disable the plugin "
                              f"{owner(request) or 'that registers it'}")
