"""What is noted of an import, so that it can be stopped at any time and go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from immich_flask.infra.db import atomic, connected
from plugins.importer.models import Imported

PART = 500
"""Ids per query."""


class Notes:
    """The rows of one account. Each call opens the connection that it needs."""

    def __init__(self, app: Flask, user_id: str) -> None:
        self.app, self.user_id = app, user_id

    def read(self, kind: str, remote_id: str) -> Imported | None:
        with self._open():
            return Imported.get_or_none(self._is(kind, remote_id))

    def write(self, kind: str, remote_id: str, **columns: Any) -> None:
        with self._open():
            (Imported.insert(user=self.user_id, kind=kind, remote_id=remote_id, **columns)
             .on_conflict(conflict_target=[Imported.user, Imported.kind, Imported.remote_id], update=columns).execute())

    def done(self, kind: str, remote_ids: list[str]) -> set[str]:
        """Which of these are done."""
        return {row.remote_id for row in self._rows(kind, remote_ids) if row.done}

    def copies(self, remote_ids: list[str]) -> dict[str, str]:
        """{remote id: local id} of assets that are done, in the order of `remote_ids`."""
        found = {row.remote_id: row.local_id for row in self._rows("asset", remote_ids) if row.done}
        return {one: found[one] for one in remote_ids if one in found}

    def begin_run(self, account: str) -> bool:
        """Note that a run has begun; True when the one before did not come to its end."""
        before = self.read("run", account)
        self.write("run", account, local_id=None, created=False, done=False)
        return before is not None and not before.done

    def end_run(self, account: str) -> None:
        self.write("run", account, local_id=None, created=False, done=True)

    def _rows(self, kind: str, remote_ids: list[str]) -> list[Imported]:
        with self._open():
            return [row for start in range(0, len(remote_ids), PART) for row in Imported.select().where(
                Imported.user == self.user_id, Imported.kind == kind,
                Imported.remote_id.in_(remote_ids[start:start + PART]))]

    def _is(self, kind: str, remote_id: str) -> Any:
        return ((Imported.user == self.user_id) & (Imported.kind == kind) & (Imported.remote_id == remote_id))

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self.app.app_context(), connected(), atomic():
            yield
