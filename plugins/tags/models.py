"""Tags, what lies below which, and what carries them."""

from __future__ import annotations

from peewee import CompositeKey, ForeignKeyField, TextField

from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class Tag(Model):
    """A name of a user's. `value` is its whole path (`places/lake`), once per user; `color` is `#rrggbb` or alike."""

    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    value = TextField()
    parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
    color = TextField(null=True)
    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)

    class Meta:
        indexes = ((("user", "value"), True),)


class TagClosure(Model):
    """Every tag, and each that is above it; a tag counts as above itself."""

    ancestor = ForeignKeyField(Tag, on_delete="CASCADE", index=False)
    descendant = ForeignKeyField(Tag, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("ancestor", "descendant")


class TagAsset(Model):
    """Which asset carries which tag. Partners' assets can carry a user's tags; their owners don't see that."""

    asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
    tag = ForeignKeyField(Tag, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("asset", "tag")
