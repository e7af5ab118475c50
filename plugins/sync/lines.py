"""The lines of one type: deletes, backfill, updates, upserts."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from immich_flask.contracts.plugin import SyncBackfill, SyncRows, SyncType
from immich_flask.contracts.sync import SyncEntityType
from immich_flask.infra.db import batches
from immich_flask.infra.json_rows import json_object
from plugins.sync.acks import COMPLETE, Checkpoint

AT_ONCE = 100
"""Rows that are fetched together; with their JSON about a chunk."""

NOTHING = "00000000-0000-0000-0000-000000000000"
"""Less than every id."""

Row = tuple[str, str]
"""Time-ordered id and the JSON of `data`."""


def line(type: str, *ids: str) -> str:
    """A line without data, acknowledged as `type`, with the ids."""
    return _line(type, type, ids)


def mark(type: str, *ids: str) -> str:
    """A line that has only an ack, of another type: the client is told how far it has come."""
    return _line(SyncEntityType.SYNC_ACK_V1, type, ids)


def _line(type: str, ack: str, ids: tuple[str, ...]) -> str:
    return f'{{"type":"{type}","data":{{}},"ack":"{"|".join((ack, *ids))}"}}\n'


@dataclass(slots=True)
class Reader:
    """Reads for one user what is newer than `known`. `with_stacks`: the client hears of stacks."""

    user_id: str
    known: Mapping[str, Checkpoint]
    with_stacks: bool
    horizon: str = NOTHING

    def lines(self, type: SyncType) -> Iterator[str]:
        if type.deletes:
            yield from self._news(type.deletes[0].type, *type.deletes)
        if type.backfill:
            yield from self._backfill(type.backfill, type.upserts)
        news = self._news(type.upserts.type, type.upserts)
        if type.updates:
            linked = self._after(type.upserts.type)
            if linked != NOTHING:
                yield from self._news(type.updates.type, type.updates, also=(type.upserts.order <= linked,))
            # Whoever gets the linked rows now knows what changed in them so far.
            if (first := next(news, None)) is not None:
                yield mark(type.updates.type, self._cap(type.updates.type))
                yield first
        yield from news

    def _news(self, type: str, *sources: SyncRows, also: tuple = ()) -> Iterator[str]:
        after, cap = self._after(type), self._cap(type)
        queries = [self._query(rows, rows.order > after, *also) for rows in sources]
        for some in _batches(queries):
            yield "".join([f'{{"type":"{type}","data":{data},"ack":"{type}|{id if id < cap else cap}"}}\n'
                           for id, data in some])

    def _backfill(self, backfill: SyncBackfill, rows: SyncRows) -> Iterator[str]:
        """The older rows of each parent that was not begun or not finished yet."""
        begun, end = self.known.get(backfill.type), self._after(rows.type)
        if end == NOTHING:
            return
        for parent, created in self._parents(backfill, begun.id if begun else NOTHING):
            start = NOTHING
            if begun and begun.id == created:
                if begun.extra == COMPLETE:
                    continue
                start = begun.extra or NOTHING
            type = backfill.type
            query = self._query(rows, rows.order > start, rows.order <= end, backfill.within(parent))
            for some in batches(query, AT_ONCE):
                yield "".join([f'{{"type":"{type}","data":{data},"ack":"{type}|{created}|{id}"}}\n'
                               for id, data in some])
            yield mark(type, created, COMPLETE)

    def _parents(self, backfill: SyncBackfill, since: str) -> list[tuple[Any, str]]:
        created = backfill.created
        return list(backfill.parents(self.user_id).select_extend(created)
                    .where(created >= since, created < self.horizon).order_by(created).tuples())

    def _query(self, rows: SyncRows, *conditions: Any) -> Any:
        fields = rows.fields(self.user_id) if callable(rows.fields) else rows.fields
        if "stackId" in fields and not self.with_stacks:
            # The app hides assets of stacks that it never heard of.
            fields = {**fields, "stackId": None}
        return (rows.query(self.user_id).select(rows.order, json_object(fields))
                .where(*conditions).order_by(rows.order))

    def _after(self, type: str) -> str:
        checkpoint = self.known.get(type)
        return checkpoint.id if checkpoint else NOTHING

    def _cap(self, type: str) -> str:
        """The most that a client may acknowledge; what it has before is never taken back."""
        return max(self.horizon, self._after(type))


def _batches(queries: list[Any]) -> Iterator[list[Row]]:
    """The rows of the queries by id, some at a time."""
    if len(queries) == 1:
        yield from batches(queries[0], AT_ONCE)
        return
    merged = heapq.merge(*(chain.from_iterable(batches(query, AT_ONCE)) for query in queries), key=itemgetter(0))
    while some := list(islice(merged, AT_ONCE)):
        yield some
