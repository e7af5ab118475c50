"""People, and where they are on pictures."""

from __future__ import annotations

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField, TextField

from immich_flask.contracts.enums import SourceType
from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import DayField, IdField, InstantField
from immich_flask.infra.tracking import Tracked


class Person(Tracked):
    """Somebody on a user's pictures. Who has no name has an empty one.

    `feature_face_id` is the face that stands for the person; a foreign key of the database that is no field here, as
    faces refer to people too. `thumbnail_key` is where the picture of it is stored, empty while there is none, and
    `thumbnail_asset_id` the asset that it was cut out of, which may be gone by now.
    """

    id = IdField(primary_key=True, default=new_id)
    owner = ForeignKeyField(User, on_delete="CASCADE", index=False)
    name = TextField(default="")
    birth_date = DayField(null=True)
    is_hidden = BooleanField(default=False)
    is_favorite = BooleanField(default=False)
    color = TextField(null=True)
    feature_face_id = IdField(null=True)
    thumbnail_key = TextField(default="")
    thumbnail_asset_id = IdField(null=True)

    class Meta:
        indexes = ((("owner", "update_id"), False),)


Person.add_index(Person.index(Person.feature_face_id, name="person_feature_face",
                              where=SQL("feature_face_id IS NOT NULL")))
Person.add_index(Person.index(Person.thumbnail_asset_id, name="person_thumbnail_asset",
                              where=SQL("thumbnail_asset_id IS NOT NULL")))


class AssetFace(Tracked):
    """A face on an asset, of nobody known if `person` is None.

    The corners `x1`, `y1` (left, top) and `x2`, `y2` are pixels of the picture as it came, upright, in a size of
    `image_width` to `image_height`; edits don't move them. `deleted_at`: a user put the face aside. `is_visible` is
    false where an edit has cut it off.
    """

    id = IdField(primary_key=True, default=new_id)
    asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
    person = ForeignKeyField(Person, null=True, on_delete="SET NULL", index=False)
    image_width = IntegerField()
    image_height = IntegerField()
    x1 = IntegerField()
    y1 = IntegerField()
    x2 = IntegerField()
    y2 = IntegerField()
    source_type = TextField(default=SourceType.MANUAL)
    is_visible = BooleanField(default=True)
    deleted_at = InstantField(null=True)

    class Meta:
        indexes = (
            (("asset", "person"), False),
            (("person", "asset"), False),
        )
