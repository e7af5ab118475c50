"""Workflows."""

from peewee import BooleanField, ForeignKeyField, Model, TextField

from immich_flask.infra.fields import IdField, InstantField


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Workflow(Model):
        id = IdField(primary_key=True)
        owner = ForeignKeyField(User, on_delete="CASCADE")
        trigger = TextField()
        name = TextField(null=True)
        description = TextField(null=True)
        enabled = BooleanField()
        created_at = InstantField()
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "workflow"

    db.create_tables([Workflow])
