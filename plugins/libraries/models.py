"""External libraries. Their pictures are assets (`library_id`)."""

from __future__ import annotations

from peewee import ForeignKeyField, JSONField, TextField

from immich_flask.core.models import User
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class Library(Model):
    """Folders whose pictures belong to a user, and globs of what is left out. `deleted_at`: a job removes it, with all
    its assets. `refreshed_at`: when the folders were last walked through."""

    id = IdField(primary_key=True, default=new_id)
    owner = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()
    import_paths = JSONField()
    exclusion_patterns = JSONField()
    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)
    refreshed_at = InstantField(null=True)
    deleted_at = InstantField(null=True)
