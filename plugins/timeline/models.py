"""How many assets there are of each month."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, TextField

from immich_flask.infra.fields import IdField
from immich_flask.infra.tally import Counts


class TimelineCount(Counts):
    """Triggers keep it (see the migration). `month` is that of `local_date_time`, as `infra.sql.month` has it. What waits
    to be deleted from the trash is not counted. The owner may be gone, then the counts of a key add up to nothing."""

    owner_id = IdField()
    visibility = TextField()
    is_trashed = BooleanField()
    is_favorite = BooleanField()
    month = TextField()
    count = BigIntegerField()

    class Meta:
        indexes = ((("owner_id", "visibility", "is_trashed", "month"), False),)
