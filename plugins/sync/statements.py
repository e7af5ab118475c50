"""What the database is asked for each kind of lines: the provider's query, and from where to where.

The text of a query is made when the app starts. Peewee takes longer to make it than the database to find that nothing
is new, which is what most streams say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import SyncRows, SyncType
from immich_flask.contracts.sync import SyncRequestType
from immich_flask.infra.blame import blaming
from immich_flask.infra.db import batches
from immich_flask.infra.json_rows import json_object
from immich_flask.infra.sql import walked

USER, AFTER, END, PARENT = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(4))
"""Stand in a query for what is put there each time: whose rows, newer than what, up to what, of which parent."""

AT_ONCE = 100
"""Rows that are fetched together; with their JSON about a chunk."""


class Statement:
    """The text of a query, and the places in it."""

    def __init__(self, query: Any) -> None:
        self.text, self.parameters = query.sql()
        if any(mark in parameter and mark != parameter for parameter in self.parameters if isinstance(parameter, str)
               for mark in (USER, PARENT)):
            raise ConfigError(f"a sync type changes the ids it is given instead of comparing them with columns: "
                              f"{self.text}")

    def rows(self, values: Mapping[str, str]) -> Iterator[list[tuple]]:
        """The rows, some at a time; `values` for the places. Within a snapshot."""
        return batches(self.text, [values.get(each, each) if isinstance(each, str) else each
                                   for each in self.parameters], AT_ONCE)


class Prepared:
    """The statements of one type; None for the parts that it does not have."""

    def __init__(self, type: SyncType, *, with_stacks: bool) -> None:
        self.type, self._with_stacks = type, with_stacks
        upserts, updates, backfill = type.upserts, type.updates, type.backfill
        self.deletes = [self._rows(rows) for rows in type.deletes]
        self.upserts = self._rows(upserts)
        # Behind links up to `END`.
        self.updates = self._rows(updates, walked(upserts.order) <= END) if updates else None
        self.parents = self.backfill = None
        if backfill:
            self.parents = Statement(
                backfill.parents(USER).select_extend(backfill.created)
                .where(backfill.created >= AFTER, backfill.created < END).order_by(backfill.created))
            self.backfill = self._rows(upserts, walked(upserts.order) <= END, backfill.within(PARENT))

    def _rows(self, rows: SyncRows, *conditions: Any) -> Statement:
        """(id, data) of the rows of `USER` after `AFTER`."""
        fields = rows.fields(USER) if callable(rows.fields) else rows.fields
        if "stackId" in fields and not self._with_stacks:
            # The app hides assets of stacks that it never heard of.
            fields = {**fields, "stackId": None}
        return Statement(rows.query(USER).select(rows.order, json_object(fields))
                         .where(rows.order > AFTER, *conditions).order_by(rows.order))


def prepared(served: Mapping[str, SyncType], owner: Callable[[str], str] = lambda request: "") -> dict[str, Prepared]:
    """By request type. Raises ConfigError for queries that cannot be prepared. `owner` says which plugin registers a
    request type, and is to blame for what else is raised."""
    with_stacks = SyncRequestType.STACKS_V1 in served
    ready = {}
    for request, type in served.items():
        with blaming(owner(request)):
            ready[request] = Prepared(type, with_stacks=with_stacks)
    return ready
