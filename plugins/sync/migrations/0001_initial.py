"""The checkpoints of the sync stream."""

from peewee import CompositeKey, ForeignKeyField, Model, TextField

from immich_flask.infra.fields import IdField


def up(migrator, db):
    class Session(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "session"

    class SyncCheckpoint(Model):
        session = ForeignKeyField(Session, on_delete="CASCADE", index=False)
        type = TextField()
        ack = TextField()

        class Meta:
            database = db
            table_name = "sync_checkpoint"
            primary_key = CompositeKey("session", "type")

    db.create_tables([SyncCheckpoint])
