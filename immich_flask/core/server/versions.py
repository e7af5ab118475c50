"""The version by which clients judge us, and those that served this database before."""

from __future__ import annotations

from immich_flask import WIRE_VERSION
from immich_flask.core.models import VersionHistory
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import wire

VERSION = ".".join(map(str, WIRE_VERSION))


def version() -> dict:
    major, minor, patch = WIRE_VERSION
    return {"major": major, "minor": minor, "patch": patch, "prerelease": None}


def version_history() -> list[dict]:
    """Each version that has served this database, the newest first."""
    query = (VersionHistory.select(wire(VersionHistory.id), wire(VersionHistory.created_at), VersionHistory.version)
             .order_by(VersionHistory.created_at.desc()).tuples())
    return [{"id": id, "createdAt": created_at, "version": version} for id, created_at, version in query]


def remember_version() -> None:
    """Enter this version in the history, if it isn't there yet; any number of processes may do so at once."""
    if not VersionHistory.select().where(VersionHistory.version == VERSION).exists():
        with atomic():
            VersionHistory.insert(version=VERSION).on_conflict_ignore().execute()
