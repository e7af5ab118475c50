"""Edits of pictures."""

from peewee import ForeignKeyField, IntegerField, JSONField, Model, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class Asset(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "asset"

    class AssetEdit(Model):
        id = IdField(primary_key=True)
        asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
        sequence = IntegerField()
        action = TextField()
        parameters = JSONField()
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "asset_edit"
            indexes = ((("asset", "sequence"), True),)

    db.create_tables([AssetEdit])
    tracking.install(db, "asset_edit", tombstone=("id", "asset_id"))
