"""Workflows."""

from __future__ import annotations

from peewee import BooleanField, ForeignKeyField, TextField

from immich_flask.core.models import User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class Workflow(Model):
    """One of a user's. `trigger` is what sets it going, one of `core.workflows.WorkflowTrigger`."""

    id = IdField(primary_key=True, default=new_id)
    owner = ForeignKeyField(User, on_delete="CASCADE")
    trigger = TextField()
    name = TextField(null=True)
    description = TextField(null=True)
    enabled = BooleanField(default=True)
    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)
