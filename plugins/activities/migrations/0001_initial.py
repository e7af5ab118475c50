"""What was said and liked."""

from peewee import SQL, BooleanField, ForeignKeyField, Model, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField

ONE_LIKE = (
    """CREATE UNIQUE INDEX activity_album_like ON activity (album_id, user_id)
       WHERE is_liked AND asset_id IS NULL""",
    """CREATE UNIQUE INDEX activity_asset_like ON activity (album_id, asset_id, user_id)
       WHERE is_liked AND asset_id IS NOT NULL""",
)


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

    class Activity(Model):
        id = IdField(primary_key=True)
        album = ForeignKeyField(Album, on_delete="CASCADE", index=False)
        asset_id = IdField(null=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        comment = TextField(null=True)
        is_liked = BooleanField()
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "activity"
            indexes = ((("album", "created_at"), False), (("album", "asset_id"), False))
            constraints = [SQL("FOREIGN KEY (album_id, asset_id) REFERENCES album_asset (album_id, asset_id) "
                               "ON DELETE CASCADE")]

    db.create_tables([Activity])
    for statement in ONE_LIKE:
        db.execute_sql(statement)
    tracking.install(db, "activity")
