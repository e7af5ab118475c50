"""An index of what is in stacks, by month as `asset_timeline`: those are few, and counted apart."""

from peewee import SqliteDatabase


def up(migrator, db):
    month = "(substr(local_date_time, 1, 7) || '-01')" if isinstance(db, SqliteDatabase) else "local_date_time"
    db.execute_sql(f"CREATE INDEX asset_stacked ON asset (owner_id, visibility, {month}, stack_id, id)"
                   " WHERE stack_id IS NOT NULL AND deleted_at IS NULL")
