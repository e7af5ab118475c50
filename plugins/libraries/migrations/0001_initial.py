"""External libraries."""

from peewee import ForeignKeyField, JSONField, Model, TextField

from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Library(Model):
        id = IdField(primary_key=True)
        owner = ForeignKeyField(User, on_delete="CASCADE")
        name = TextField()
        import_paths = JSONField()
        exclusion_patterns = JSONField()
        created_at = InstantField()
        updated_at = InstantField()
        refreshed_at = InstantField(null=True)
        deleted_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "library"

    db.create_tables([Library])
