"""The nightly job `PersonCleanup`."""

from __future__ import annotations

from datetime import timedelta

from peewee import SQL, fn

from immich_flask.core.assets import quota
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from plugins.people import changes, features
from plugins.people.models import AssetFace, Person

KEPT = timedelta(days=1)
"""How long who has neither a name nor a face is kept: clients make somebody first, and give him a face then."""


def run_thumbnail(id: str) -> None:
    # It brings Pillow into memory.
    from plugins.people.thumbnails import make

    make(id)


def clean_up() -> None:
    """Remove who has neither name nor face, and pictures cut out of what went while this plugin was disabled; have
    those made that are missing."""
    face = AssetFace.select(SQL("1")).where(AssetFace.person == Person.id)
    nobody = (Person.name == "") & (Person.created_at < now() - KEPT) & ~fn.EXISTS(face)
    source = select_assets(SQL("1")).where(Asset.id == Person.thumbnail_asset_id, features.UNLOCKED)
    outlived = Person.thumbnail_asset_id.is_null(False) & ~fn.EXISTS(source)
    without = Person.feature_face_id.is_null() & fn.EXISTS(face)
    undrawn = Person.feature_face_id.is_null(False) & (Person.thumbnail_key == "")
    owners = [owner_id for owner_id, in Person.select(Person.owner).distinct().where(
        nobody | outlived | without | undrawn).tuples()]
    for owner_id in owners:
        with atomic():
            quota.lock([owner_id])
            mine = Person.owner == owner_id
            changes.remove(mine & nobody)
            features.forget(mine & outlived)
            features.choose(mine)
            features.draw([person_id for person_id, in Person.select(Person.id).where(mine, undrawn).tuples()])
