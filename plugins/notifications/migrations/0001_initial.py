"""What users were told."""

from peewee import ForeignKeyField, JSONField, Model, TextField

from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Notification(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        type = TextField()
        level = TextField()
        title = TextField()
        description = TextField(null=True)
        data = JSONField(null=True)
        subject = TextField(null=True)
        created_at = InstantField(index=True)
        read_at = InstantField(null=True)
        deleted_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "notification"
            indexes = ((("user", "created_at"), False),)

    db.create_tables([Notification])
