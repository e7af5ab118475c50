"""Albums, who is in them, what is in them.

Triggers keep what has to hold also while this plugin is disabled, when accounts come and go and assets go to the trash:
an album goes with the row that names its owner, it is hidden for as long as his account is soft-deleted, and locked
assets are in no album. What goes out of sight or comes back is touched, for the clients that have to hear of it; what
is archived at every change, because partners' clients are told then to forget it, and with it its place in albums.
"""

from peewee import BooleanField, CompositeKey, ForeignKeyField, Model, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField

OWNED = "SELECT album_id FROM album_user WHERE user_id = NEW.id AND role = 'owner'"

HIDDEN_OR_BACK = "(NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)"

TRIGGERS = {
    "album_go_with_owner": ('DELETE ON album_user', "OLD.role = 'owner'", """
        DELETE FROM album WHERE id = OLD.album_id;"""),
    "album_hide_with_owner": ('UPDATE OF deleted_at ON "user"', HIDDEN_OR_BACK, f"""
        UPDATE album SET deleted_at = NEW.deleted_at WHERE id IN ({OWNED});
        UPDATE album_user SET role = role WHERE NEW.deleted_at IS NULL AND album_id IN ({OWNED});
        UPDATE album_asset SET created_at = created_at WHERE NEW.deleted_at IS NULL AND album_id IN ({OWNED});"""),
    "album_follow_asset": ("UPDATE ON asset", f"{HIDDEN_OR_BACK} OR 'archive' IN (OLD.visibility, NEW.visibility)"
                           " OR NEW.visibility <> OLD.visibility", """
        DELETE FROM album_asset WHERE asset_id = NEW.id AND NEW.visibility = 'locked';
        UPDATE album_asset SET created_at = created_at WHERE asset_id = NEW.id;"""),
}
"""By name: after what, under which condition, what else happens."""


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Asset(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "asset"

    class Album(Model):
        id = IdField(primary_key=True)
        name = TextField()
        description = TextField(default="")
        thumbnail_asset = ForeignKeyField(Asset, null=True, on_delete="SET NULL")
        is_activity_enabled = BooleanField(default=True)
        order = TextField()
        deleted_at = InstantField(null=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "album"

    class AlbumUser(Model):
        album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
        user = ForeignKeyField(User, on_delete="CASCADE")
        role = TextField()
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        create_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "album_user"
            primary_key = CompositeKey("album", "user")

    class AlbumAsset(Model):
        album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
        asset = ForeignKeyField(Asset, on_delete="CASCADE")
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        create_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "album_asset"
            primary_key = CompositeKey("album", "asset")

    db.create_tables([Album, AlbumUser, AlbumAsset])
    db.execute_sql("CREATE UNIQUE INDEX album_user_owner ON album_user (album_id) WHERE role = 'owner'")
    tracking.install(db, "album")
    tracking.install(db, "album_user", tombstone=("album_id", "user_id"), owner="user_id", create_id=True)
    tracking.install(db, "album_asset", tombstone=("album_id", "asset_id"), create_id=True)
    for name, trigger in TRIGGERS.items():
        tracking.follow(db, name, *trigger)
