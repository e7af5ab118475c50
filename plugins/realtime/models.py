"""The outbox."""

from __future__ import annotations

from peewee import BigAutoField, JSONField, TextField

from immich_flask.infra.db import Model
from immich_flask.infra.fields import InstantField, now


class LiveMessage(Model):
    """Something to tell, written in the transaction that makes it true; swept some minutes later.

    kind: which live event it is (`outbox.kind_of`), or what to do with the rooms (`outbox.LEAVE`, `outbox.END_SESSIONS`).
    rooms: ids of users, or of sessions; None: everybody. arguments: what comes with it.
    """

    id = BigAutoField()
    kind = TextField()
    rooms = JSONField(null=True)
    arguments = JSONField()
    created_at = InstantField(default=now, index=True)
