"""Send the place of an asset in the memories of others again when it may have come back into their sight, also while this
plugin is disabled: their phones have forgotten it together with the asset."""

from immich_flask.infra import tracking

THEIRS = "memory_id IN (SELECT id FROM memory WHERE owner_id <> {owner})"


def up(migrator, db):
    tracking.follow(
        db, "memory_follow_asset", "UPDATE ON asset",
        "(NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL) OR NEW.visibility <> OLD.visibility",
        f"UPDATE memory_asset SET asset_id = asset_id WHERE asset_id = NEW.id AND {THEIRS.format(owner='NEW.owner_id')};")
    tracking.follow(
        db, "memory_follow_account", 'UPDATE OF deleted_at ON "user"',
        "NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL",
        f"""UPDATE memory_asset SET asset_id = asset_id
            WHERE asset_id IN (SELECT id FROM asset WHERE owner_id = NEW.id) AND {THEIRS.format(owner='NEW.id')};""")
