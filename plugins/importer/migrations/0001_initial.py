"""What was taken over from another server already."""

from peewee import BooleanField, CompositeKey, ForeignKeyField, Model, TextField

from immich_flask.infra.fields import IdField


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Imported(Model):
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        kind = TextField()
        remote_id = TextField()
        local_id = IdField(null=True)
        created = BooleanField()
        done = BooleanField()

        class Meta:
            database = db
            table_name = "imported"
            primary_key = CompositeKey("user", "kind", "remote_id")

    db.create_tables([Imported])
