"""What was taken over from another server already."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey, ForeignKeyField, TextField

from immich_flask.core.models import User
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField


class Imported(Model):
    """One thing of another server. The row is written before the copy is made, and `done` when everything about it is.

    remote_id: its id there. local_id: that of the copy, which its owner may have deleted since; null before there is
    one. created: it was not here before, so what the other server says of it holds.
    """

    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    kind = TextField()
    remote_id = TextField()
    local_id = IdField(null=True)
    created = BooleanField(default=False)
    done = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("user", "kind", "remote_id")
