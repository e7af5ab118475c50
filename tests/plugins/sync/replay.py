"""A phone: reads the sync stream as the mobile app does, into a database of its own with the same foreign keys.

    phone = Phone(user)
    phone.sync()
    assert phone.rows("asset") == {(asset_id,): {...}}

The app takes lines in runs of one type, stores each run in a transaction, then acknowledges its last line. A line that
the published description does not know, or that refers to what the phone has not got, fails the test. A plugin's
tests add what it owns: `Phone(user, [*CORE_TYPES, "StacksV1"], [*CORE, Table("stack", ...)])`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson

from immich_flask.contracts.sync import SyncEntityType
from immich_flask.testing import Caller
from tests.wire.spec import check_answer

CORE_TYPES = ("AuthUsersV1", "UsersV1", "AssetsV2", "AssetExifsV1", "UserMetadataV1", "AssetMetadataV1")


@dataclass(frozen=True)
class Table:
    """How the app keeps one kind of row.

    upserts: types of lines that carry one. key: their fields that identify it. parents: those that refer to another
    table's `id`; the row goes with it. deletes: types of lines that say it is gone, and their fields in the order of
    `key`.
    """

    name: str
    upserts: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    parents: Mapping[str, str] = field(default_factory=dict)
    deletes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def ddl(self) -> str:
        columns = dict.fromkeys((*self.key, *self.parents))
        kept = ", ".join(f'"{name}" TEXT' + (f' REFERENCES "{self.parents[name]}"(id) ON DELETE CASCADE'
                                             if name in self.parents else "") for name in columns)
        keys = ", ".join(f'"{name}"' for name in self.key)
        return f'CREATE TABLE "{self.name}" ({kept}, data TEXT NOT NULL, PRIMARY KEY ({keys}))'


CORE = (
    Table("auth_user", ("AuthUserV1",)),
    Table("user", ("UserV1",), deletes={"UserDeleteV1": ("userId",)}),
    Table("user_metadata", ("UserMetadataV1",), ("userId", "key"), {"userId": "user"},
          {"UserMetadataDeleteV1": ("userId", "key")}),
    Table("asset", ("AssetV2",), parents={"ownerId": "user"}, deletes={"AssetDeleteV1": ("assetId",)}),
    Table("exif", ("AssetExifV1",), ("assetId",), {"assetId": "asset"}),
    Table("asset_metadata", ("AssetMetadataV1",), ("assetId", "key"), {"assetId": "asset"},
          {"AssetMetadataDeleteV1": ("assetId", "key")}),
)
"""Tables for `CORE_TYPES`."""


# A request closes the database connection of its thread, which a test may be using.
_threads = ThreadPoolExecutor(max_workers=8)


@dataclass(frozen=True)
class Line:
    type: str
    data: dict
    ack: str


class Phone:
    """One installation of the app. `heard` are all lines it ever got, `fresh` those of the last stream."""

    def __init__(self, caller: Caller, types: Sequence[str] = CORE_TYPES, tables: Iterable[Table] = CORE) -> None:
        self.caller, self.types, self.tables = caller, list(types), list(tables)
        self.heard: list[Line] = []
        self.fresh: list[Line] = []
        self._upserts = {type: table for table in self.tables for type in table.upserts}
        self._deletes = {type: (table, names) for table in self.tables for type, names in table.deletes.items()}
        self._wipe()

    def sync(self, *, cut: int | None = None, ack: bool = True, acks: int | None = None, **body: Any) -> list[Line]:
        """Read the stream, store it, acknowledge it; the lines that came.

        cut: the connection breaks after so many bytes. ack: False never acknowledges. acks: the app is killed after so
        many acknowledged runs; what it stored before stays.
        """
        self.fresh = list(self._lines(self.read(cut, **body)))
        self.heard += self.fresh
        for number, (type, run) in enumerate(groupby(self.fresh, key=lambda line: line.type)):
            if acks is not None and number >= acks:
                break
            lines = list(run)
            if type == SyncEntityType.SYNC_RESET_V1:
                self._wipe()
            self._store(lines)
            if ack:
                response = _threads.submit(self.caller.post, "/sync/ack", {"acks": [lines[-1].ack]}).result()
                assert response.status_code == 204, response.text
        return self.fresh

    def settle(self) -> None:
        """Sync until nothing is new; what is sent for ever fails."""
        for _ in range(5):
            if [line.type for line in self.sync()] == [SyncEntityType.SYNC_COMPLETE_V1]:
                return
        raise AssertionError(f"still new: {self.fresh}")

    def read(self, cut: int | None = None, **body: Any) -> bytes:
        """The bytes of the stream, up to where the connection broke."""
        return _threads.submit(self._read, cut, body).result()

    def _read(self, cut: int | None, body: dict) -> bytes:
        server = self.caller.server
        server.activate()
        response = server.app.test_client(use_cookies=False).post(
            "/api/sync/stream", json={"types": self.types, **body}, headers=self.caller.headers, buffered=False)
        got = bytearray()
        try:
            for chunk in response.iter_encoded():
                got += chunk
                if cut is not None and len(got) >= cut:
                    return bytes(got[:cut])
        finally:
            response.close()
        assert response.status_code == 200, bytes(got)
        return bytes(got)

    def rows(self, table: str) -> dict[tuple, dict]:
        """What the phone has, by key."""
        kept = next(each for each in self.tables if each.name == table)
        keys = ", ".join(f'"{name}"' for name in kept.key)
        return {tuple(key): orjson.loads(data)
                for *key, data in self._db.execute(f'SELECT {keys}, data FROM "{table}"')}

    def _lines(self, got: bytes) -> Iterator[Line]:
        whole = got[:got.rfind(b"\n") + 1]
        wrong = check_answer("POST", "/api/sync/stream", 200, "application/jsonlines+json", whole)
        assert not wrong, "\n".join(wrong)
        for text in whole.splitlines():
            yield Line(**orjson.loads(text))

    def _store(self, lines: list[Line]) -> None:
        with self._db:
            for line in lines:
                if line.type in self._upserts:
                    self._upsert(self._upserts[line.type], line.data)
                elif line.type in self._deletes:
                    table, names = self._deletes[line.type]
                    matches = " AND ".join(f'"{name}" = ?' for name in table.key)
                    self._db.execute(f'DELETE FROM "{table.name}" WHERE {matches}', [line.data[name] for name in names])
                else:
                    assert line.type in ("SyncAckV1", "SyncResetV1", "SyncCompleteV1"), f"no table for {line}"

    def _upsert(self, table: Table, data: dict) -> None:
        names = list(dict.fromkeys((*table.key, *table.parents)))
        columns = ", ".join(f'"{name}"' for name in (*names, "data"))
        places = ", ".join("?" * (len(names) + 1))
        keys = ", ".join(f'"{name}"' for name in table.key)
        # Not REPLACE, which would delete the row first and everything that hangs on it.
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in (*names, "data"))
        self._db.execute(f'INSERT INTO "{table.name}" ({columns}) VALUES ({places}) '
                         f"ON CONFLICT ({keys}) DO UPDATE SET {changes}",
                         [*(data[name] for name in names), orjson.dumps(data)])

    def _wipe(self) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("PRAGMA foreign_keys = ON")
        for table in self.tables:
            self._db.execute(table.ddl())
