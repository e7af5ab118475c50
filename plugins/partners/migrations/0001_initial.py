"""Who shows whom the timeline."""

from peewee import BooleanField, CompositeKey, ForeignKeyField, Model

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Partner(Model):
        shared_by = ForeignKeyField(User, on_delete="CASCADE")
        shared_with = ForeignKeyField(User, on_delete="CASCADE")
        in_timeline = BooleanField(default=False)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        create_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "partner"
            primary_key = CompositeKey("shared_by", "shared_with")

    db.create_tables([Partner])
    tracking.install(db, "partner", tombstone=("shared_by_id", "shared_with_id"), create_id=True)
