"""Stacks, and what becomes of them when assets are deleted.

That is kept by triggers, because assets go also while this plugin is disabled, and an asset that is left in a stack
which is no more, or has lost its primary, would be shown nowhere.
"""

from peewee import ForeignKeyField, Model, SqliteDatabase

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField

MEMBER_GONE = """
  DELETE FROM stack WHERE id = OLD.stack_id AND (SELECT count(*) FROM asset WHERE stack_id = OLD.stack_id) < 2;
  UPDATE stack SET primary_asset_id = (
    SELECT id FROM asset WHERE stack_id = OLD.stack_id
    ORDER BY deleted_at IS NOT NULL, visibility <> 'timeline', file_created_at, id LIMIT 1)
  WHERE id = OLD.stack_id AND primary_asset_id = OLD.id;
"""

SET_FREE = "UPDATE asset SET stack_id = NULL WHERE stack_id = OLD.id;"

SQLITE = (f"""
CREATE TRIGGER stack_member_gone AFTER DELETE ON asset WHEN OLD.stack_id IS NOT NULL BEGIN
  {MEMBER_GONE}
END""", f"""
CREATE TRIGGER stack_set_free AFTER DELETE ON stack BEGIN
  {SET_FREE}
END""")

POSTGRES = (f"""
CREATE FUNCTION stack_member_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {MEMBER_GONE}
  RETURN NULL;
END $$""", """
CREATE TRIGGER stack_member_gone AFTER DELETE ON asset
FOR EACH ROW WHEN (OLD.stack_id IS NOT NULL) EXECUTE FUNCTION stack_member_gone()""", f"""
CREATE FUNCTION stack_set_free() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {SET_FREE}
  RETURN NULL;
END $$""", """
CREATE TRIGGER stack_set_free AFTER DELETE ON stack
FOR EACH ROW EXECUTE FUNCTION stack_set_free()""")


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "user"

    class Stack(Model):
        id = IdField(primary_key=True)
        owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
        primary_asset_id = IdField(unique=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)

        class Meta:
            database = db
            table_name = "stack"
            indexes = ((("owner", "update_id"), False),)

    db.create_tables([Stack])
    tracking.install(db, "stack", tombstone=("id",), owner="owner_id")
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRES:
        db.execute_sql(statement)
