"""What connected clients are to be told: a row for some minutes."""

from peewee import BigAutoField, JSONField, Model, TextField

from immich_flask.infra.fields import InstantField


def up(migrator, db):
    class LiveMessage(Model):
        id = BigAutoField()
        kind = TextField()
        rooms = JSONField(null=True)
        arguments = JSONField()
        created_at = InstantField(index=True)

        class Meta:
            database = db
            table_name = "live_message"

    db.create_tables([LiveMessage])
