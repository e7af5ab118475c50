"""How many assets there are of each month, counted by triggers from now on, also while this plugin is disabled."""

from peewee import BigIntegerField, BooleanField, Model, SqliteDatabase, TextField

from immich_flask.infra import tally
from immich_flask.infra.fields import IdField


def up(migrator, db):
    class TimelineCount(Model):
        owner_id = IdField()
        visibility = TextField()
        is_trashed = BooleanField()
        is_favorite = BooleanField()
        month = TextField()
        count = BigIntegerField()

        class Meta:
            database = db
            table_name = "timeline_count"
            primary_key = False
            indexes = ((("owner_id", "visibility", "is_trashed", "month"), False),)

    db.create_tables([TimelineCount])
    # Whatever the time zone of whoever writes.
    month = ("substr({row}.local_date_time, 1, 7) || '-01'" if isinstance(db, SqliteDatabase)
             else "to_char({row}.local_date_time AT TIME ZONE 'UTC', 'YYYY-MM-01')")
    tally.install(
        db, "timeline_count", of="asset",
        key={"owner_id": "{row}.owner_id", "visibility": "{row}.visibility",
             "is_trashed": "({row}.deleted_at IS NOT NULL)", "is_favorite": "{row}.is_favorite", "month": month},
        where="({row}.deleted_at IS NULL OR {row}.status <> 'deleted')")
