"""How far each login has read."""

from __future__ import annotations

from peewee import CompositeKey, ForeignKeyField, TextField

from immich_flask.core.models import Session
from immich_flask.infra.db import Model


class SyncCheckpoint(Model):
    """The last acknowledgement of a session for one type of lines, as the client sent it."""

    session = ForeignKeyField(Session, on_delete="CASCADE", index=False)
    type = TextField()
    ack = TextField()

    class Meta:
        primary_key = CompositeKey("session", "type")
