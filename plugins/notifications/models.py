"""What users were told."""

from __future__ import annotations

from peewee import ForeignKeyField, JSONField, TextField

from immich_flask.core.models import User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class Notification(Model):
    """One message to one user. `data` is what the wire has: an object, or its JSON as text. `subject` tells repetitions
    (the name of a job that fails again and again). Deleted ones stay for some days, out of sight: deleting twice is no
    mistake."""

    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    type = TextField()
    level = TextField()
    title = TextField()
    description = TextField(null=True)
    data = JSONField(null=True)
    subject = TextField(null=True)
    created_at = InstantField(default=now, index=True)
    read_at = InstantField(null=True)
    deleted_at = InstantField(null=True)

    class Meta:
        indexes = ((("user", "created_at"), False),)
