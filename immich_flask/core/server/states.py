"""What background work left behind for the administrator to see (`/api/system-metadata`)."""

from __future__ import annotations

from immich_flask.core.settings import system_metadata


def version_check_state() -> dict:
    """When a newer release was last looked for, and what was found. Nulls: never, as this server does not look."""
    return {"checkedAt": None, "releaseVersion": None, **system_metadata("version-check-state", {})}


def reverse_geocoding_state() -> dict:
    """Which data of places is in use. Nulls: none was imported."""
    return {"lastUpdate": None, "lastImportFileName": None, **system_metadata("reverse-geocoding-state", {})}
