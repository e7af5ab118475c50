"""Let phones hear when the account of somebody who shares is deleted, and when it is restored.

A trigger, because it has to hold also while this plugin is disabled. What was shared by a restored account counts as
shared from then on: phones have dropped it.
"""

from immich_flask.infra import tracking

CONDITION = "(NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)"

TOUCH = """
UPDATE partner SET in_timeline = in_timeline WHERE shared_by_id = NEW.id;
UPDATE partner SET create_id = update_id WHERE shared_by_id = NEW.id AND NEW.deleted_at IS NULL;
"""


def up(migrator, db):
    tracking.follow(db, "partner_follow_account", 'UPDATE OF deleted_at ON "user"', CONDITION, TOUCH)
