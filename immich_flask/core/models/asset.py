"""Photos and films: the row, what their files say (EXIF), the files made of them."""

from __future__ import annotations

from peewee import (
    SQL, BigIntegerField, BooleanField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, JSONField, TextField,
)

from immich_flask.core.models.user import User, new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField
from immich_flask.infra.tracking import Tracked


class Asset(Tracked):
    """One photo or film.

    `checksum` is the SHA-1 of the original, `thumbhash` the ThumbHash of its preview; both base64 text, as on the wire.
    `local_date_time` is the wall clock where it was taken, stored as if it were UTC. `duration` is milliseconds.
    `width` and `height` are display dimensions, already rotated. `original_path` is what clients see; `storage_key`
    is where the bytes are. `stack_id` and `duplicate_id` are set by the plugins that group assets.
    """

    id = IdField(primary_key=True, default=new_id)
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
        indexes = (
            (("owner", "file_created_at", "id"), False),
            (("owner", "local_date_time"), False),
            (("owner", "created_at"), False),
            (("owner", "original_path"), False),
            (("owner", "update_id"), False),
        )


Asset.add_index(Asset.index(Asset.owner, Asset.checksum, unique=True, name="asset_owner_checksum",
                            where=SQL("library_id IS NULL")))
Asset.add_index(Asset.index(Asset.stack_id, name="asset_stack", where=SQL("stack_id IS NOT NULL")))
Asset.add_index(Asset.index(Asset.duplicate_id, name="asset_duplicate", where=SQL("duplicate_id IS NOT NULL")))
Asset.add_index(Asset.index(Asset.deleted_at, name="asset_deleted", where=SQL("deleted_at IS NOT NULL")))
# Months are counted in these alone. On SQLite it is the month that stands there, not the whole instant.
for _name, _where in (("asset_timeline", "deleted_at IS NULL"),
                      ("asset_stacked", "stack_id IS NOT NULL AND deleted_at IS NULL")):
    Asset.add_index(Asset.index(Asset.owner, Asset.visibility, Asset.local_date_time, Asset.stack_id, Asset.id,
                                name=_name, where=SQL(_where)))


class AssetExif(Tracked):
    """What the file says about itself, and what the user said instead (`locked`: names of columns that a later
    extraction must leave alone). `file_size_in_byte` is set at the upload, the rest when metadata was extracted."""

    asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
    file_size_in_byte = BigIntegerField(null=True, index=True)
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
    live_photo_cid = TextField(null=True, index=True)
    auto_stack_id = TextField(null=True)
    tags = JSONField(null=True)
    locked = JSONField(default=list)


# Searches are by equality, and lists of values step from one to the next.
for _column in (AssetExif.make, AssetExif.model, AssetExif.lens_model, AssetExif.city, AssetExif.state,
                AssetExif.country, AssetExif.rating):
    AssetExif.add_index(AssetExif.index(_column, AssetExif.asset, name=f"asset_exif_{_column.column_name}",
                                        where=SQL(f"{_column.column_name} IS NOT NULL")))
# All that a map shows; what has no position is not in it.
AssetExif.add_index(AssetExif.index(AssetExif.latitude, AssetExif.longitude, AssetExif.asset, AssetExif.city,
                                    AssetExif.state, AssetExif.country, name="asset_exif_position",
                                    where=SQL("latitude IS NOT NULL")))


class AssetFile(Model):
    """A file that belongs to an asset beside its original: `thumbnail`, `preview`, `fullsize`, `sidecar`,
    `encoded_video`; `is_edited` tells the rendering of an edit from that of the original."""

    asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
    type = TextField()
    is_edited = BooleanField(default=False)
    storage_key = TextField()
    size_in_byte = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("asset", "type", "is_edited")


class AssetJobStatus(Model):
    """How far background work on an asset got; apart from the asset, so that it does not count as a change of it.

    `error` is why its picture could not be made; such an asset is kept, served and not tried again by itself.
    """

    asset = ForeignKeyField(Asset, primary_key=True, on_delete="CASCADE")
    metadata_extracted_at = InstantField(null=True)
    thumbnails_made_at = InstantField(null=True)
    error = TextField(null=True)


class AssetMetadata(Tracked):
    """Free JSON that a client keeps with an asset, by key (`mobile-app`)."""

    asset = ForeignKeyField(Asset, on_delete="CASCADE")
    key = TextField()
    value = JSONField()

    class Meta:
        primary_key = CompositeKey("asset", "key")
