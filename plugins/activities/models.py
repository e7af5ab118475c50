"""What was said and liked."""

from __future__ import annotations

from peewee import SQL, BooleanField, ForeignKeyField, TextField

from immich_flask.core.models import User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField
from immich_flask.infra.tracking import Tracked
from plugins.albums.api import Album


class Activity(Tracked):
    """A comment, or a like (`comment` is None then); about an asset in the album, or about the album.

    About an asset it goes when the asset leaves the album: the pair refers to the row in `album_asset`. One like per
    user and target.
    """

    id = IdField(primary_key=True, default=new_id)
    album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
    asset_id = IdField(null=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    comment = TextField(null=True)
    is_liked = BooleanField(default=False)

    class Meta:
        indexes = ((("album", "created_at"), False), (("album", "asset_id"), False))
        constraints = [SQL("FOREIGN KEY (album_id, asset_id) REFERENCES album_asset (album_id, asset_id) "
                           "ON DELETE CASCADE")]


Activity.add_index(Activity.index(Activity.album, Activity.user, name="activity_album_like", unique=True,
                                  where=SQL("is_liked AND asset_id IS NULL")))
Activity.add_index(Activity.index(Activity.album, Activity.asset_id, Activity.user, name="activity_asset_like",
                                  unique=True, where=SQL("is_liked AND asset_id IS NOT NULL")))
