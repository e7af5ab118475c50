"""What was found wrong, until it is right again or somebody has dealt with it."""

from __future__ import annotations

import time
from uuid import uuid4

from peewee import ForeignKeyField, TextField

from immich_flask.core.models import Asset
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


def new_report_id() -> str:
    """A UUID of version 7: the wire asks for reports by such ids alone."""
    milliseconds, rest = f"{time.time_ns() // 1_000_000:012x}", str(uuid4())
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7{rest[15:18]}-{rest[19:]}"


class IntegrityReport(Model):
    """`type`: `contracts` of the wire (`untracked_file`, ...); `path`: the storage key. `asset` is the one that it
    belongs to, and `kind` what it is of it (`original`, `file`); without an asset it belongs to nothing, or is the
    profile image of `user_id`."""

    id = IdField(primary_key=True, default=new_report_id)
    type = TextField()
    path = TextField()
    kind = TextField(null=True)
    asset = ForeignKeyField(Asset, null=True, on_delete="CASCADE")
    user_id = IdField(null=True)
    created_at = InstantField(default=now)

    class Meta:
        indexes = ((("type", "path"), True), (("type", "id"), False))
