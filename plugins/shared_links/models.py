"""Links, and the assets of those that are not about an album."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey, ForeignKeyField, TextField

from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now
from plugins.albums.api import Album


class SharedLink(Model):
    """An address that `user` gave away. It shows `album`, or else its own list of assets (`SharedLinkAsset`).

    `key` and `slug` are two ways to name it; `key` is 50 random bytes in base64url. `password` is kept readable: the
    wire shows it to its owner.
    """

    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE")
    album = ForeignKeyField(Album, null=True, on_delete="CASCADE")
    key = TextField(unique=True)
    slug = TextField(null=True, unique=True)
    description = TextField(null=True)
    password = TextField(null=True)
    expires_at = InstantField(null=True)
    allow_upload = BooleanField(default=True)
    allow_download = BooleanField(default=True)
    show_metadata = BooleanField(default=True)
    created_at = InstantField(default=now)


class SharedLinkAsset(Model):
    """What a link without an album shows. Assets in the trash stay, out of sight; locked ones leave."""

    link = ForeignKeyField(SharedLink, on_delete="CASCADE", index=False)
    asset = ForeignKeyField(Asset, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("link", "asset")
