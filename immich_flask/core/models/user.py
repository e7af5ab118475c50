"""Accounts, their settings, and the credentials that act for them."""

from __future__ import annotations

from uuid import uuid4

from peewee import BigIntegerField, BooleanField, CompositeKey, ForeignKeyField, JSONField, TextField

from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now
from immich_flask.infra.tracking import Tracked


def new_id() -> str:
    """A version-4 UUID, the only kind the wire accepts for an entity."""
    return str(uuid4())


class User(Tracked):
    """An account. `deleted_at` and `status` mark the soft-deleted; `quota_*` are bytes, no quota is None.

    `profile_image_key` is the storage key of the picture, empty when there is none.
    """

    id = IdField(primary_key=True, default=new_id)
    email = TextField(unique=True)
    password = TextField(default="")
    name = TextField(default="")
    is_admin = BooleanField(default=False)
    avatar_color = TextField(null=True)
    profile_image_key = TextField(default="")
    profile_changed_at = InstantField(default=now)
    should_change_password = BooleanField(default=True)
    storage_label = TextField(null=True, unique=True)
    quota_size_in_bytes = BigIntegerField(null=True)
    quota_usage_in_bytes = BigIntegerField(default=0)
    status = TextField(default="active")
    deleted_at = InstantField(null=True)
    pin_code = TextField(null=True)
    oauth_id = TextField(default="")


class UserMetadata(Tracked):
    """One JSON value per user and key: `preferences` (differences from the defaults), `license`, `onboarding`."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    key = TextField()
    value = JSONField()

    class Meta:
        primary_key = CompositeKey("user", "key")


class Session(Model):
    """A login. `token` is the SHA-256 of the secret, in hex; `parent` the session that made this one."""

    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE")
    token = TextField(unique=True)
    parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
    device_type = TextField(default="")
    device_os = TextField(default="")
    app_version = TextField(null=True)
    expires_at = InstantField(null=True)
    pin_expires_at = InstantField(null=True)
    is_pending_sync_reset = BooleanField(default=False)
    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)


class ApiKey(Model):
    """A named secret with a list of permissions. `key` is the SHA-256 of the secret, in hex."""

    id = IdField(primary_key=True, default=new_id)
    user = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()
    key = TextField(unique=True)
    permissions = JSONField()
    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)
