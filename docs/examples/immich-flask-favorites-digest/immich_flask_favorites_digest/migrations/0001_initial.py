"""When what became a favourite, and digests of that."""

from peewee import CompositeKey, ForeignKeyField, Model

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

    class FavoriteMark(Model):
        asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
        owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
        marked_at = InstantField()
        told_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "favorites_digest_mark"
            indexes = ((("owner", "told_at"), False),)

    class Digest(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "favorites_digest"
            indexes = ((("user", "created_at"), False),)

    class DigestAsset(Model):
        digest = ForeignKeyField(Digest, on_delete="CASCADE", index=False)
        asset = ForeignKeyField(Asset, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "favorites_digest_asset"
            primary_key = CompositeKey("digest", "asset")

    db.create_tables([FavoriteMark, Digest, DigestAsset])
