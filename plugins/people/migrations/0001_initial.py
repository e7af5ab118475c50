"""People, and where they are on pictures."""

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import DayField, IdField, InstantField

FEATURE_FACE = 'REFERENCES "asset_face" ("id") ON DELETE SET NULL'


def up(migrator, db):
    is_sqlite = isinstance(db, SqliteDatabase)

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

    class Person(Model):
        id = IdField(primary_key=True)
        owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
        name = TextField()
        birth_date = DayField(null=True)
        is_hidden = BooleanField()
        is_favorite = BooleanField()
        color = TextField(null=True)
        # The two tables refer to each other. Only SQLite lets a table name one that does not exist yet.
        feature_face_id = IdField(null=True, constraints=[SQL(FEATURE_FACE)] if is_sqlite else [])
        thumbnail_key = TextField()
        thumbnail_asset_id = IdField(null=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "person"
            indexes = ((("owner", "update_id"), False),)

    Person.add_index(Person.index(Person.feature_face_id, name="person_feature_face",
                                  where=SQL("feature_face_id IS NOT NULL")))
    Person.add_index(Person.index(Person.thumbnail_asset_id, name="person_thumbnail_asset",
                                  where=SQL("thumbnail_asset_id IS NOT NULL")))

    class AssetFace(Model):
        id = IdField(primary_key=True)
        asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
        person = ForeignKeyField(Person, null=True, on_delete="SET NULL", index=False)
        image_width = IntegerField()
        image_height = IntegerField()
        x1 = IntegerField()
        y1 = IntegerField()
        x2 = IntegerField()
        y2 = IntegerField()
        source_type = TextField()
        is_visible = BooleanField()
        deleted_at = InstantField(null=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "asset_face"
            indexes = ((("asset", "person"), False), (("person", "asset"), False))

    db.create_tables([Person, AssetFace])
    if not is_sqlite:
        db.execute_sql(f'ALTER TABLE "person" ADD CONSTRAINT person_feature_face '
                       f'FOREIGN KEY ("feature_face_id") {FEATURE_FACE}')
    tracking.install(db, "person", tombstone=("id",), owner="owner_id")
    # Without an owner: who hears of it is told by whose the asset is.
    tracking.install(db, "asset_face", tombstone=("id", "asset_id"))
