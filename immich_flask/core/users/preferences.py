"""What an account prefers: defaults, overlaid with the differences it stored.

The wire knows a fixed set of sections, and clients stop at an answer in which one is missing. The core serves some of
them itself; the others belong to features, and each is served when a plugin contributes it by the hook
`preference_defaults`. A section that nobody serves is still in the answer, switched off; what was stored in it stays
and counts again once the plugin is back.
"""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.enums import AssetOrder, UserMetadataKey
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.models import User
from immich_flask.core.runtime import runtime
from immich_flask.core.users import metadata
from immich_flask.infra.db import atomic
from immich_flask.infra.sql import for_update

GIB = 1024**3

CORE_SECTIONS: dict[str, dict[str, Any]] = {
    "ratings": {"enabled": False},
    "purchase": {"showSupportBadge": True, "hideBuyButtonUntil": "2022-02-12T00:00:00.000Z"},
    "cast": {"gCastEnabled": False},
    "recentlyAdded": {"sidebarWeb": False},
}
"""Sections that need no plugin, with their defaults (server/src/utils/preferences.ts)."""

FEATURE_SECTIONS: dict[str, dict[str, Any]] = {
    "albums": {"defaultAssetOrder": AssetOrder.DESC.value},
    "folders": {"enabled": False, "sidebarWeb": False},
    "memories": {"enabled": False, "duration": 5},
    "people": {"enabled": False, "sidebarWeb": False, "minimumFaces": 3},
    "sharedLinks": {"enabled": False, "sidebarWeb": False},
    "tags": {"enabled": False, "sidebarWeb": False},
    "emailNotifications": {"enabled": False, "albumInvite": True, "albumUpdate": True},
    "download": {"archiveSize": 4 * GIB, "includeEmbeddedVideos": False},
}
"""Sections of features, as they read while no plugin serves them."""

SWITCHES = frozenset({"enabled", "sidebarWeb"})
"""Keys that show a feature in the clients: false in a section that nobody serves."""


def preferences(user_id: str) -> dict[str, dict[str, Any]]:
    """`UserPreferencesResponse` of an account; one query."""
    return _overlaid(_Sections(), _stored(user_id))


def update_preferences(user_id: str, changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Merge `changes` into the preferences of an account and return all of them. `avatar.color`, a section of older
    clients, is the colour of the account.

    Raises BadRequest for switching on what nobody serves.
    """
    changes = dict(changes)
    color = changes.pop("avatar", {}).get("color")
    sections = _Sections()
    for name, values in changes.items():
        if any(value and sections.is_off(name, key) for key, value in values.items()):
            raise BadRequest(f"{name} is not available on this server")
    with atomic():
        # Two updates at once must not lose one of them.
        for_update(User.select(User.id).where(User.id == user_id)).execute()
        stored = _stored(user_id)
        merged = _merged(stored, changes, sections)
        if merged != stored:
            metadata.write(user_id, UserMetadataKey.PREFERENCES, merged)
        if color is not None:
            User.update(avatar_color=color).where(User.id == user_id).execute()
    result = _overlaid(sections, merged)
    return {**result, "avatar": {"color": color}} if color is not None else result


class _Sections:
    """The defaults of all sections, and which of their values nobody can change now."""

    def __init__(self) -> None:
        contributed = runtime.plugins.preferences
        self.defaults = {**FEATURE_SECTIONS, **CORE_SECTIONS}
        for name, values in contributed.items():
            self.defaults[name] = {**self.defaults.get(name, {}), **values}
        self._served = CORE_SECTIONS.keys() | contributed.keys()

    def is_off(self, name: str, key: str) -> bool:
        """Is this a switch of a section that nobody serves?"""
        return name not in self._served and key in SWITCHES


def _stored(user_id: str) -> dict[str, dict[str, Any]]:
    return metadata.read(user_id, UserMetadataKey.PREFERENCES) or {}


def _merged(stored: dict, changes: dict, sections: _Sections) -> dict:
    """What to store: the differences from the defaults. Switches that are off keep what is stored in them: clients
    send back the false that they were shown."""
    result = dict(stored)
    for name, values in changes.items():
        section = {**stored.get(name, {}),
                   **{key: value for key, value in values.items() if not sections.is_off(name, key)}}
        result[name] = {key: value for key, value in section.items()
                        if sections.is_off(name, key) or value != sections.defaults[name].get(key)}
    return {name: section for name, section in result.items() if section}


def _overlaid(sections: _Sections, stored: dict) -> dict[str, dict[str, Any]]:
    """All sections, with what is stored in the places of the defaults."""
    return {name: {key: default if sections.is_off(name, key) else stored.get(name, {}).get(key, default)
                   for key, default in defaults.items()}
            for name, defaults in sections.defaults.items()}
