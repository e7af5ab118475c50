"""What the server remembers about itself."""

from __future__ import annotations

from peewee import IntegerField, JSONField, TextField

from immich_flask.core.models.user import new_id
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class SystemMetadata(Model):
    """One JSON value per key: `system-config` (differences from the defaults), `admin-onboarding`, `license`, ..."""

    key = TextField(primary_key=True)
    value = JSONField()
    updated_at = InstantField(default=now)


class VersionHistory(Model):
    """Each version that has served this database, once."""

    id = IdField(primary_key=True, default=new_id)
    version = TextField(unique=True)
    created_at = InstantField(default=now)


class FailedAttempt(Model):
    """Wrong passwords, PINs or link passwords in a row; one right proof forgets them (`core.auth.attempts`).

    `subject` stands for an account, session or link, and the caller's address. Until `blocked_until` no further proof
    is looked at; None before the first delay.
    """

    subject = TextField(primary_key=True)
    count = IntegerField(default=0)
    last_at = InstantField(default=now)
    blocked_until = InstantField(null=True)
