"""Background work that is waiting, running or has failed."""

from __future__ import annotations

from peewee import BooleanField, IntegerField, JSONField, TextField

from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class JobRow(Model):
    """One run of a job. Written in the transaction that asks for it, so that neither is there without the other;
    removed when the run has succeeded. `state`: `waiting`, `active`, `failed`; `run_at` in the future: delayed.

    `worker` and `alive_at` tell a run that goes on from one whose process was killed. `fingerprint` stands for name and
    payload. `attempts` counts the runs that began, `error` tells how the last one ended.
    """

    id = IdField(primary_key=True, default=new_id)
    queue = TextField()
    name = TextField()
    payload = JSONField()
    fingerprint = TextField(index=True)
    state = TextField(default="waiting")
    attempts = IntegerField(default=0)
    run_at = InstantField(default=now)
    created_at = InstantField(default=now)
    worker = TextField(null=True)
    alive_at = InstantField(null=True)
    error = TextField(null=True)

    class Meta:
        table_name = "job"
        # With the name, so that looking for the next job steps quickly over those of disabled plugins.
        indexes = ((("queue", "state", "run_at", "name"), False),)


class JobTick(Model):
    """The moment for which a periodic job was last queued: what makes one of many workers queue it."""

    name = TextField(primary_key=True)
    last_at = InstantField()


class QueueState(Model):
    """Whether a queue was paused by the administrator."""

    name = TextField(primary_key=True)
    is_paused = BooleanField(default=False)
