"""Albums, who is in them, what is in them."""

from __future__ import annotations

from peewee import SQL, BooleanField, CompositeKey, ForeignKeyField, TextField

from immich_flask.contracts.enums import AlbumUserRole, AssetOrder
from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField, InstantField
from immich_flask.infra.tracking import Tracked, TrackedLink


class Album(Tracked):
    """`thumbnail_asset` is the cover (see `covers`), `order` that of the assets by date.

    `deleted_at` is set while the account of the owner is soft-deleted: a trigger copies it from there, so that it holds
    whether or not this plugin is enabled. Everybody has to look at it.
    """

    id = IdField(primary_key=True, default=new_id)
    name = TextField()
    description = TextField(default="")
    thumbnail_asset = ForeignKeyField(Asset, null=True, on_delete="SET NULL")
    is_activity_enabled = BooleanField(default=True)
    order = TextField(default=AssetOrder.DESC)
    deleted_at = InstantField(null=True)


class AlbumUser(TrackedLink):
    """Who is in an album, the owner too: this row is what makes him the owner, and an album goes with it."""

    album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    role = TextField(default=AlbumUserRole.EDITOR)

    class Meta:
        primary_key = CompositeKey("album", "user")


AlbumUser.add_index(AlbumUser.index(AlbumUser.album, name="album_user_owner", unique=True, where=SQL("role = 'owner'")))


class AlbumAsset(TrackedLink):
    """What is in an album. Assets in the trash stay in theirs, out of sight; locked ones leave."""

    album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
    asset = ForeignKeyField(Asset, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("album", "asset")
