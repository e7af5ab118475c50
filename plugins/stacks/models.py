"""Stacks; their members are the assets with their id."""

from __future__ import annotations

from peewee import ForeignKeyField

from immich_flask.core.models import User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField
from immich_flask.infra.tracking import Tracked


class Stack(Tracked):
    """Assets of one user, one of which is shown for all.

    Triggers keep it in order while assets are deleted, whoever does it (see the migration): a member takes the place of
    the primary, and a stack that has fewer than two left goes. That is why `primary_asset_id` is no foreign key, nor is
    `asset.stack_id`.
    """

    id = IdField(primary_key=True, default=new_id)
    owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
    primary_asset_id = IdField(unique=True)

    class Meta:
        indexes = ((("owner", "update_id"), False),)
