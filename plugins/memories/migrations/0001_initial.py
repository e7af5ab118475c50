"""Memories and the assets in them."""

from peewee import BooleanField, CompositeKey, ForeignKeyField, JSONField, Model, TextField

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
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

    class Memory(Model):
        id = IdField(primary_key=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
        type = TextField(default="on_this_day")
        data = JSONField()
        memory_at = InstantField()
        show_at = InstantField(null=True)
        hide_at = InstantField(null=True)
        seen_at = InstantField(null=True)
        is_saved = BooleanField(default=False)
        deleted_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "memory"
            indexes = ((("owner", "update_id"), False), (("is_saved", "created_at"), False))

    class MemoryAsset(Model):
        memory = ForeignKeyField(Memory, on_delete="CASCADE", index=False)
        asset = ForeignKeyField(Asset, on_delete="CASCADE")
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "memory_asset"
            primary_key = CompositeKey("memory", "asset")

    db.create_tables([Memory, MemoryAsset])
    tracking.install(db, "memory", tombstone=("id",), owner="owner_id")
    tracking.install(db, "memory_asset", tombstone=("memory_id", "asset_id"))
