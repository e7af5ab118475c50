"""Clubs."""

from immich_flask.infra import tracking
from tests.plugins.sync.clubs.models import Club, Member, Photo


def up(migrator, db):
    db.create_tables([Club, Member, Photo])
    tracking.install(db, "club")
    tracking.install(db, "club_member", tombstone=("club_id", "user_id"), owner="user_id", create_id=True)
    tracking.install(db, "club_photo", tombstone=("club_id", "asset_id"), create_id=True)
