"""Clubs, who is in them, what hangs there."""

from __future__ import annotations

from peewee import CompositeKey, ForeignKeyField, TextField

from immich_flask.core.models import Asset, User
from immich_flask.core.models.user import new_id
from immich_flask.infra.fields import IdField
from immich_flask.infra.tracking import Tracked, TrackedLink


class Club(Tracked):
    id = IdField(primary_key=True, default=new_id)
    name = TextField()


class Member(TrackedLink):
    club = ForeignKeyField(Club, on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    role = TextField(default="viewer")

    class Meta:
        table_name = "club_member"
        primary_key = CompositeKey("club", "user")


class Photo(TrackedLink):
    club = ForeignKeyField(Club, on_delete="CASCADE", index=False)
    asset = ForeignKeyField(Asset, on_delete="CASCADE")

    class Meta:
        table_name = "club_photo"
        primary_key = CompositeKey("club", "asset")
