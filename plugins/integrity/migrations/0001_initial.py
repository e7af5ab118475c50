"""Reports of what does not belong together."""

from peewee import ForeignKeyField, Model, TextField

from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class Asset(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "asset"

    class IntegrityReport(Model):
        id = IdField(primary_key=True)
        type = TextField()
        path = TextField()
        kind = TextField(null=True)
        asset = ForeignKeyField(Asset, null=True, on_delete="CASCADE")
        user_id = IdField(null=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "integrity_report"
            indexes = ((("type", "path"), True), (("type", "id"), False))

    db.create_tables([IntegrityReport])
