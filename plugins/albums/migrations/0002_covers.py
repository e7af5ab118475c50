"""Keep covers right whatever happens to assets, also while this plugin is disabled: one that is not shown any more gives way
to the newest that is, and so does nothing at all once there is something to show."""

from immich_flask.infra import tracking

NEWEST = """
    SELECT inside.asset_id FROM album_asset AS inside JOIN asset ON asset.id = inside.asset_id
    WHERE inside.album_id = album.id AND asset.deleted_at IS NULL AND asset.visibility IN ('timeline', 'archive')
    ORDER BY asset.file_created_at DESC, asset.id LIMIT 1"""

COMES_OR_GOES = "(NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL) OR NEW.visibility <> OLD.visibility"

SHOWN = "(NEW.deleted_at IS NULL AND NEW.visibility IN ('timeline', 'archive'))"


def up(migrator, db):
    tracking.follow(db, "album_cover_follow_asset", "UPDATE ON asset", COMES_OR_GOES, f"""
        UPDATE album SET thumbnail_asset_id = ({NEWEST}) WHERE thumbnail_asset_id = NEW.id AND NOT {SHOWN};
        UPDATE album SET thumbnail_asset_id = ({NEWEST}) WHERE thumbnail_asset_id IS NULL AND {SHOWN}
          AND id IN (SELECT album_id FROM album_asset WHERE asset_id = NEW.id);""")
    # The foreign key does that when the asset is deleted.
    tracking.follow(db, "album_cover_gone", "UPDATE OF thumbnail_asset_id ON album",
                    "NEW.thumbnail_asset_id IS NULL AND OLD.thumbnail_asset_id IS NOT NULL",
                    f"UPDATE album SET thumbnail_asset_id = ({NEWEST}) WHERE id = NEW.id;")
