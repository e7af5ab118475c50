"""Tags, what lies below which, and what carries them."""

from peewee import CompositeKey, ForeignKeyField, Model, TextField

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

    class Tag(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        value = TextField()
        parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
        color = TextField(null=True)
        created_at = InstantField()
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "tag"
            indexes = ((("user", "value"), True),)

    class TagClosure(Model):
        ancestor = ForeignKeyField(Tag, on_delete="CASCADE", index=False)
        descendant = ForeignKeyField(Tag, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "tag_closure"
            primary_key = CompositeKey("ancestor", "descendant")

    class TagAsset(Model):
        asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
        tag = ForeignKeyField(Tag, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "tag_asset"
            primary_key = CompositeKey("asset", "tag")

    db.create_tables([Tag, TagClosure, TagAsset])
