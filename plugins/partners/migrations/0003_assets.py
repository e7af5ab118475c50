"""Send again what depends on an asset that goes out of a partner's sight or comes back, also while this plugin is disabled:
the partner's phone forgets its EXIF together with it, and the moving part of a live photo goes with its still."""

from immich_flask.infra import tracking

COMES_OR_GOES = """
    (NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL) OR NEW.visibility <> OLD.visibility
    OR coalesce(CAST(NEW.live_photo_video_id AS TEXT), '') <> coalesce(CAST(OLD.live_photo_video_id AS TEXT), '')"""

IS_SHARED = "EXISTS (SELECT 1 FROM partner WHERE shared_by_id = NEW.owner_id)"


def up(migrator, db):
    tracking.follow(db, "partner_follow_asset", "UPDATE ON asset", COMES_OR_GOES, f"""
        UPDATE asset SET id = id WHERE id IN (OLD.live_photo_video_id, NEW.live_photo_video_id) AND {IS_SHARED};
        UPDATE asset_exif SET asset_id = asset_id
        WHERE asset_id IN (NEW.id, OLD.live_photo_video_id, NEW.live_photo_video_id) AND {IS_SHARED};""")
