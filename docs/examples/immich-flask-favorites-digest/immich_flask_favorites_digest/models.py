"""When what became a favourite, and digests of that."""

from __future__ import annotations

from peewee import CompositeKey, ForeignKeyField

from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class FavoriteMark(Model):
    """A favourite, since when, and whether a digest has told of it. The server itself knows only that it is one."""

    asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
    owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
    marked_at = InstantField(default=now)
    told_at = InstantField(null=True)

    class Meta:
        table_name = "favorites_digest_mark"
        indexes = ((("owner", "told_at"), False),)


class Digest(Model):
    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    created_at = InstantField(default=now)

    class Meta:
        table_name = "favorites_digest"
        indexes = ((("user", "created_at"), False),)


class DigestAsset(Model):
    digest = ForeignKeyField(Digest, on_delete="CASCADE", index=False)
    asset = ForeignKeyField(Asset, on_delete="CASCADE")

    class Meta:
        table_name = "favorites_digest_asset"
        primary_key = CompositeKey("digest", "asset")
