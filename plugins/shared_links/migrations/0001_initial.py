"""Links and their assets.

That locked assets leave their links is kept by a trigger, because it has to hold also while this plugin is disabled.
"""

from peewee import BooleanField, CompositeKey, ForeignKeyField, Model, SqliteDatabase, TextField

from immich_flask.infra.fields import IdField, InstantField

LEAVE = "DELETE FROM shared_link_asset WHERE asset_id = NEW.id;"

SQLITE = (f"""
CREATE TRIGGER shared_link_locked AFTER UPDATE OF visibility ON asset WHEN NEW.visibility = 'locked' BEGIN
  {LEAVE}
END""",)

POSTGRES = (f"""
CREATE FUNCTION shared_link_locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {LEAVE}
  RETURN NULL;
END $$""", """
CREATE TRIGGER shared_link_locked AFTER UPDATE OF visibility ON asset
FOR EACH ROW WHEN (NEW.visibility = 'locked') EXECUTE FUNCTION shared_link_locked()""")


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Album(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "album"

    class Asset(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "asset"

    class SharedLink(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        album = ForeignKeyField(Album, null=True, on_delete="CASCADE")
        key = TextField(unique=True)
        slug = TextField(null=True, unique=True)
        description = TextField(null=True)
        password = TextField(null=True)
        expires_at = InstantField(null=True)
        allow_upload = BooleanField()
        allow_download = BooleanField()
        show_metadata = BooleanField()
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "shared_link"

    class SharedLinkAsset(Model):
        link = ForeignKeyField(SharedLink, on_delete="CASCADE", index=False)
        asset = ForeignKeyField(Asset, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "shared_link_asset"
            primary_key = CompositeKey("link", "asset")

    db.create_tables([SharedLink, SharedLinkAsset])
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRES:
        db.execute_sql(statement)
