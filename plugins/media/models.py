"""What users did to pictures: the steps of an edit. The original is never touched."""

from __future__ import annotations

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, JSONField, TextField

from immich_flask.core.models import Asset
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField
from immich_flask.infra.tracking import Tracked


class AssetEditAction(StrEnum):
    CROP = "crop"
    ROTATE = "rotate"
    MIRROR = "mirror"


class MirrorAxis(StrEnum):
    """`horizontal` swaps left and right, `vertical` top and bottom."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


class AssetEdit(Tracked):
    """One step; those of an asset are applied in the order of `sequence`, from 0, to the picture as it is displayed.

    `parameters` by `action`: crop `{x, y, width, height}` in pixels, rotate `{angle}` clockwise in degrees, mirror
    `{axis}`.
    """

    id = IdField(primary_key=True, default=new_id)
    asset = ForeignKeyField(Asset, on_delete="CASCADE", index=False)
    sequence = IntegerField()
    action = TextField()
    parameters = JSONField()

    class Meta:
        indexes = ((("asset", "sequence"), True),)
