"""The lines of one type: deletes, backfill, updates, upserts."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter

from immich_flask.contracts.sync import SyncEntityType
from plugins.sync.acks import COMPLETE, Checkpoint
from plugins.sync.statements import AFTER, AT_ONCE, END, PARENT, USER, Prepared, Statement

NOTHING = "00000000-0000-0000-0000-000000000000"
"""Less than every id."""

Row = tuple[str, str]
"""Time-ordered id and the JSON of `data`."""


def line(type: str, *ids: str) -> bytes:
    """A line without data, acknowledged as `type`, with the ids."""
    return _line(type, type, ids)


def mark(type: str, *ids: str) -> bytes:
    """A line that has only an ack, of another type: the client is told how far it has come."""
    return _line(SyncEntityType.SYNC_ACK_V1, type, ids)


def _line(type: str, ack: str, ids: tuple[str, ...]) -> bytes:
    return f'{{"type":"{type}","data":{{}},"ack":"{"|".join((ack, *ids))}"}}\n'.encode()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one user what is newer than `known`, and has him acknowledge up to the horizon."""

    user_id: str
    known: Mapping[str, Checkpoint]
    horizon: str

    def lines(self, of: Prepared) -> Iterator[bytes]:
        """Some lines at a time. Within a snapshot."""
        upserts, updates = of.type.upserts.type, of.type.updates
        if of.deletes:
            yield from self._news(of.type.deletes[0].type, *of.deletes)
        if of.backfill and upserts in self.known:
            yield from self._backfill(of)
        news = self._news(upserts, of.upserts)
        if updates:
            if upserts in self.known:
                yield from self._news(updates.type, of.updates, end=self._after(upserts))
            # Whoever gets the linked rows now knows what changed in them so far.
            if (first := next(news, None)) is not None:
                yield mark(updates.type, self._cap(updates.type))
                yield first
        yield from news

    def _news(self, type: str, *statements: Statement, end: str = NOTHING) -> Iterator[bytes]:
        cap = self._cap(type)
        values = {USER: self.user_id, AFTER: self._after(type), END: end}
        for some in _merged([statement.rows(values) for statement in statements]):
            # Encoded one by one, as one letter beyond ASCII makes all of a text slow.
            yield b"".join([f'{{"type":"{type}","data":{data},"ack":"{type}|{id if id < cap else cap}"}}\n'.encode()
                            for id, data in some])

    def _backfill(self, of: Prepared) -> Iterator[bytes]:
        """The older rows of each parent that was not begun or not finished yet."""
        type, end = of.type.backfill.type, self._after(of.type.upserts.type)
        begun = self.known.get(type)
        since = {USER: self.user_id, AFTER: self._after(type), END: self.horizon}
        for parent, created in [*chain.from_iterable(of.parents.rows(since))]:
            start = NOTHING
            if begun and begun.id == created:
                if begun.extra == COMPLETE:
                    continue
                start = begun.extra or NOTHING
            for some in of.backfill.rows({USER: self.user_id, AFTER: start, END: end, PARENT: parent}):
                yield b"".join([f'{{"type":"{type}","data":{data},"ack":"{type}|{created}|{id}"}}\n'.encode()
                                for id, data in some])
            yield mark(type, created, COMPLETE)

    def _after(self, type: str) -> str:
        checkpoint = self.known.get(type)
        return checkpoint.id if checkpoint else NOTHING

    def _cap(self, type: str) -> str:
        """The most that a client may acknowledge; what it has before is never taken back."""
        return max(self.horizon, self._after(type))


def _merged(sources: list[Iterator[list[Row]]]) -> Iterator[list[Row]]:
    """The rows of all sources by id, some at a time."""
    if len(sources) == 1:
        yield from sources[0]
        return
    rows = heapq.merge(*map(chain.from_iterable, sources), key=itemgetter(0))
    while some := list(islice(rows, AT_ONCE)):
        yield some
