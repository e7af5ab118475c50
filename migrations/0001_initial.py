"""The core's tables: users and their credentials, assets and their files, jobs, what the server remembers."""

from peewee import (
    BigIntegerField, BooleanField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, JSONField, Model,
    SqliteDatabase, TextField,
)

from immich_flask.infra import tracking
from immich_flask.infra.fields import IdField, InstantField

PARTIAL_INDEXES = (
    "CREATE UNIQUE INDEX asset_owner_checksum ON asset (owner_id, checksum) WHERE library_id IS NULL",
    "CREATE INDEX asset_stack ON asset (stack_id) WHERE stack_id IS NOT NULL",
    "CREATE INDEX asset_duplicate ON asset (duplicate_id) WHERE duplicate_id IS NOT NULL",
    "CREATE INDEX asset_deleted ON asset (deleted_at) WHERE deleted_at IS NOT NULL",
    *(f"CREATE INDEX asset_exif_{column} ON asset_exif ({column}, asset_id) WHERE {column} IS NOT NULL"
      for column in ("make", "model", "lens_model", "city", "state", "country", "rating")),
    "CREATE INDEX asset_exif_position ON asset_exif (latitude, longitude, asset_id, city, state, country)"
    " WHERE latitude IS NOT NULL",
)

TIMELINE_INDEX = ("CREATE INDEX asset_timeline ON asset (owner_id, visibility, {month}, stack_id, id)"
                  " WHERE deleted_at IS NULL")
"""`{month}` as `infra.sql.month` has it. PostgreSQL has no index of it, because there it depends on a setting."""


def up(migrator, db):
    class User(Model):
        id = IdField(primary_key=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        email = TextField(unique=True)
        password = TextField(default="")
        name = TextField(default="")
        is_admin = BooleanField(default=False)
        avatar_color = TextField(null=True)
        profile_image_key = TextField(default="")
        profile_changed_at = InstantField()
        should_change_password = BooleanField(default=True)
        storage_label = TextField(unique=True, null=True)
        quota_size_in_bytes = BigIntegerField(null=True)
        quota_usage_in_bytes = BigIntegerField(default=0)
        status = TextField(default="active")
        deleted_at = InstantField(null=True)
        pin_code = TextField(null=True)
        oauth_id = TextField(default="")

        class Meta:
            database = db
            table_name = "user"

    class ApiKey(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = TextField()
        key = TextField(unique=True)
        permissions = JSONField()
        created_at = InstantField()
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "api_key"

    class Asset(Model):
        id = IdField(primary_key=True)
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
        type = TextField()
        status = TextField(default="active")
        visibility = TextField(default="timeline")
        checksum = TextField()
        original_file_name = TextField()
        original_path = TextField()
        storage_key = TextField()
        file_created_at = InstantField()
        file_modified_at = InstantField()
        local_date_time = InstantField()
        deleted_at = InstantField(null=True)
        is_favorite = BooleanField(default=False)
        is_offline = BooleanField(default=False)
        is_edited = BooleanField(default=False)
        duration = IntegerField(null=True)
        width = IntegerField(null=True)
        height = IntegerField(null=True)
        thumbhash = TextField(null=True)
        live_photo_video = ForeignKeyField("self", null=True, on_delete="SET NULL")
        stack_id = IdField(null=True)
        duplicate_id = IdField(null=True)
        library_id = IdField(null=True)

        class Meta:
            database = db
            table_name = "asset"
            indexes = (
                (("owner", "file_created_at", "id"), False),
                (("owner", "local_date_time"), False),
                (("owner", "created_at"), False),
                (("owner", "original_path"), False),
                (("owner", "update_id"), False),
            )

    class AssetExif(Model):
        asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        file_size_in_byte = BigIntegerField(index=True, null=True)
        make = TextField(null=True)
        model = TextField(null=True)
        lens_model = TextField(null=True)
        f_number = DoubleField(null=True)
        focal_length = DoubleField(null=True)
        iso = IntegerField(null=True)
        exposure_time = TextField(null=True)
        exif_image_width = IntegerField(null=True)
        exif_image_height = IntegerField(null=True)
        orientation = TextField(null=True)
        date_time_original = InstantField(null=True)
        modify_date = InstantField(null=True)
        time_zone = TextField(null=True)
        latitude = DoubleField(null=True)
        longitude = DoubleField(null=True)
        city = TextField(null=True)
        state = TextField(null=True)
        country = TextField(null=True)
        description = TextField(default="")
        projection_type = TextField(null=True)
        profile_description = TextField(null=True)
        bits_per_sample = IntegerField(null=True)
        colorspace = TextField(null=True)
        rating = IntegerField(null=True)
        fps = DoubleField(null=True)
        live_photo_cid = TextField(index=True, null=True)
        auto_stack_id = TextField(null=True)
        tags = JSONField(null=True)
        locked = JSONField(default=list)

        class Meta:
            database = db
            table_name = "asset_exif"

    class AssetFile(Model):
        asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
        type = TextField()
        is_edited = BooleanField(default=False)
        storage_key = TextField()
        size_in_byte = BigIntegerField()

        class Meta:
            database = db
            table_name = "asset_file"
            primary_key = CompositeKey("asset", "type", "is_edited")

    class AssetJobStatus(Model):
        asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
        metadata_extracted_at = InstantField(null=True)
        thumbnails_made_at = InstantField(null=True)
        error = TextField(null=True)

        class Meta:
            database = db
            table_name = "asset_job_status"

    class AssetMetadata(Model):
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        asset = ForeignKeyField(Asset, on_delete="CASCADE")
        key = TextField()
        value = JSONField()

        class Meta:
            database = db
            table_name = "asset_metadata"
            primary_key = CompositeKey("asset", "key")

    class FailedAttempt(Model):
        subject = TextField(primary_key=True)
        count = IntegerField(default=0)
        last_at = InstantField()
        blocked_until = InstantField(null=True)

        class Meta:
            database = db
            table_name = "failed_attempt"

    class JobRow(Model):
        id = IdField(primary_key=True)
        queue = TextField()
        name = TextField()
        payload = JSONField()
        fingerprint = TextField(index=True)
        state = TextField(default="waiting")
        attempts = IntegerField(default=0)
        run_at = InstantField()
        created_at = InstantField()
        worker = TextField(null=True)
        alive_at = InstantField(null=True)
        error = TextField(null=True)

        class Meta:
            database = db
            table_name = "job"
            indexes = ((("queue", "state", "run_at", "name"), False),)

    class JobTick(Model):
        name = TextField(primary_key=True)
        last_at = InstantField()

        class Meta:
            database = db
            table_name = "job_tick"

    class QueueState(Model):
        name = TextField(primary_key=True)
        is_paused = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "queue_state"

    class Session(Model):
        id = IdField(primary_key=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        token = TextField(unique=True)
        parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
        device_type = TextField(default="")
        device_os = TextField(default="")
        app_version = TextField(null=True)
        expires_at = InstantField(null=True)
        pin_expires_at = InstantField(null=True)
        is_pending_sync_reset = BooleanField(default=False)
        created_at = InstantField()
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "session"

    class SystemMetadata(Model):
        key = TextField(primary_key=True)
        value = JSONField()
        updated_at = InstantField()

        class Meta:
            database = db
            table_name = "system_metadata"

    class UserMetadata(Model):
        created_at = InstantField()
        updated_at = InstantField()
        update_id = IdField(index=True, null=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        key = TextField()
        value = JSONField()

        class Meta:
            database = db
            table_name = "user_metadata"
            primary_key = CompositeKey("user", "key")

    class VersionHistory(Model):
        id = IdField(primary_key=True)
        version = TextField(unique=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "version_history"

    db.create_tables([
        User, ApiKey, Asset, AssetExif, AssetFile, AssetJobStatus, AssetMetadata, FailedAttempt,
        JobRow, JobTick, QueueState, Session, SystemMetadata, UserMetadata, VersionHistory,
    ])
    for statement in PARTIAL_INDEXES:
        db.execute_sql(statement)
    of_month = "(substr(local_date_time, 1, 7) || '-01')" if isinstance(db, SqliteDatabase) else "local_date_time"
    db.execute_sql(TIMELINE_INDEX.format(month=of_month))

    tracking.prepare(db)
    tracking.install(db, "user", tombstone=("id",))
    tracking.install(db, "user_metadata", tombstone=("user_id", "key"), owner="user_id")
    tracking.install(db, "asset", tombstone=("id", "owner_id"), owner="owner_id")
    tracking.install(db, "asset_exif")
    tracking.install(db, "asset_metadata", tombstone=("asset_id", "key"))
