"""Queueing jobs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from hashlib import sha1
from typing import Any

import orjson

from immich_flask.core.models import JobRow
from immich_flask.core.models.user import new_id
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import after_commit, atomic, chunks
from immich_flask.infra.fields import now
from immich_flask.infra.sql import Lookup, insert_row, text_list


def enqueue(name: str, /, *, unless_waiting: bool = False, delay: timedelta | None = None, **payload: Any) -> None:
    """Queue the job `name` with plain JSON values, in the transaction around this call: when that is rolled back there
    is no job either.

    unless_waiting: do nothing when the same job with the same payload waits already (delayed or not).
    delay: not before this much from now.

    Raises LookupError when no enabled plugin, nor the core, has such a job.
    """
    enqueue_many(name, [payload], unless_waiting=unless_waiting, delay=delay)


def enqueue_many(name: str, payloads: Iterable[dict[str, Any]], /, *, unless_waiting: bool = False,
                 delay: timedelta | None = None) -> None:
    """Queue one run of the job `name` for each of `payloads`; see `enqueue`."""
    job = runtime.jobs.get(name)
    if job is None:
        raise LookupError(f"no job is called {name}")
    moment = now()
    rows = {}
    for payload in payloads:
        row_id, fingerprint = new_id(), fingerprint_of(name, payload)
        rows[fingerprint if unless_waiting else row_id] = {
            "id": row_id, "queue": job.queue, "name": name, "payload": payload, "fingerprint": fingerprint,
            "run_at": moment + (delay or timedelta()), "created_at": moment}
    with atomic():
        for part in chunks(rows.values()):
            if unless_waiting:
                waiting = _waiting(row["fingerprint"] for row in part)
                part = [row for row in part if row["fingerprint"] not in waiting]
            if len(part) == 1:
                insert_row(JobRow, part[0])
            elif part:
                JobRow.insert_many(part).execute()
        if not delay:
            after_commit(partial(runtime.queue.wake, job.queue))


def fingerprint_of(name: str, payload: dict[str, Any]) -> str:
    """The same for runs that do the same. Raises TypeError for what is not JSON."""
    return sha1(orjson.dumps([name, payload], option=orjson.OPT_SORT_KEYS), usedforsecurity=False).hexdigest()


def _waiting(fingerprints: Iterable[str]) -> set[str]:
    return {fingerprint for fingerprint, in _WAITING.rows(list(fingerprints))}


_WAITING = Lookup(lambda fingerprints: JobRow.select(JobRow.fingerprint).where(
    JobRow.state == "waiting", JobRow.fingerprint.in_(text_list(fingerprints))))
