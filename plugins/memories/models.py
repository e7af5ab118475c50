"""Memories and the assets in them."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey, ForeignKeyField, JSONField, TextField

from immich_flask.contracts.enums import MemoryType
from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField, InstantField
from immich_flask.infra.tracking import Tracked


class Memory(Tracked):
    """One user's memory of a day, `memory_at`; `data` depends on the type: `{"year": 2021}`.

    It is offered from `show_at` to `hide_at`, where these are set, and removed some time after it was made unless it
    `is_saved`. `deleted_at` is part of the wire, where nothing sets it yet: deleting a memory removes the row.
    """

    id = IdField(primary_key=True, default=new_id)
    owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
    type = TextField(default=MemoryType.ON_THIS_DAY)
    data = JSONField()
    memory_at = InstantField()
    show_at = InstantField(null=True)
    hide_at = InstantField(null=True)
    seen_at = InstantField(null=True)
    is_saved = BooleanField(default=False)
    deleted_at = InstantField(null=True)

    class Meta:
        indexes = ((("owner", "update_id"), False), (("is_saved", "created_at"), False))


class MemoryAsset(Tracked):
    """What is in a memory: the owner's assets, and such as others let him share."""

    memory = ForeignKeyField(Memory, on_delete="CASCADE", index=False)
    asset = ForeignKeyField(Asset, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("memory", "asset")
