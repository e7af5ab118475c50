"""Albums, who is in them, what is in them.

Two rules are kept by triggers, because accounts come and go also while this plugin is disabled: an album goes with the
row that names its owner, and it is hidden for as long as his account is soft-deleted. What comes back from hiding is
touched, for the clients that were told to forget it.
"""

from peewee import BooleanField, CompositeKey, ForeignKeyField, Model, SqliteDatabase, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField

OWNED = "SELECT album_id FROM album_user WHERE user_id = NEW.id AND role = 'owner'"

FOLLOW_OWNER = f"""
  UPDATE album SET deleted_at = NEW.deleted_at WHERE id IN ({OWNED});
  UPDATE album_user SET role = role WHERE NEW.deleted_at IS NULL AND album_id IN ({OWNED});
  UPDATE album_asset SET created_at = created_at WHERE NEW.deleted_at IS NULL AND album_id IN ({OWNED});
"""

WHEN_HIDDEN_OR_BACK = "(NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)"

GO_WITH_OWNER = "DELETE FROM album WHERE id = OLD.album_id;"

SQLITE = (f"""
CREATE TRIGGER album_follow_owner AFTER UPDATE OF deleted_at ON "user" WHEN {WHEN_HIDDEN_OR_BACK} BEGIN
  {FOLLOW_OWNER}
END""", f"""
CREATE TRIGGER album_go_with_owner AFTER DELETE ON album_user WHEN OLD.role = 'owner' BEGIN
  {GO_WITH_OWNER}
END""")

POSTGRES = (f"""
CREATE FUNCTION album_follow_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {FOLLOW_OWNER}
  RETURN NULL;
END $$""", f"""
CREATE TRIGGER album_follow_owner AFTER UPDATE OF deleted_at ON "user"
FOR EACH ROW WHEN ({WHEN_HIDDEN_OR_BACK}) EXECUTE FUNCTION album_follow_owner()""", f"""
CREATE FUNCTION album_go_with_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {GO_WITH_OWNER}
  RETURN NULL;
END $$""", """
CREATE TRIGGER album_go_with_owner AFTER DELETE ON album_user
FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION album_go_with_owner()""")


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
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRES:
        db.execute_sql(statement)
