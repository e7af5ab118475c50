"""Who shows whom the timeline."""

from __future__ import annotations

from peewee import BooleanField, CompositeKey, ForeignKeyField

from immich_flask.core.models import User
from immich_flask.infra.tracking import TrackedLink


class Partner(TrackedLink):
    """`shared_by` lets `shared_with` see the assets; the latter says whether they mix into the own timeline."""

    shared_by = ForeignKeyField(User, on_delete="CASCADE")
    shared_with = ForeignKeyField(User, on_delete="CASCADE")
    in_timeline = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("shared_by", "shared_with")
