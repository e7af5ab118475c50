"""The schemas of the preferences: for each section one of what an update may hold, and one of the answer."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.enums import AssetOrder, UserAvatarColor
from immich_flask.infra.http.schemas import Enum, Nested, Schema, StrictBool, StrictInteger, StrictStr

Count = partial(StrictInteger, min=1)

SECTIONS = {
    "albums": {"defaultAssetOrder": partial(Enum, AssetOrder)},
    "cast": {"gCastEnabled": StrictBool},
    "download": {"archiveSize": Count, "includeEmbeddedVideos": StrictBool},
    "emailNotifications": {"enabled": StrictBool, "albumInvite": StrictBool, "albumUpdate": StrictBool},
    "folders": {"enabled": StrictBool, "sidebarWeb": StrictBool},
    "memories": {"enabled": StrictBool, "duration": Count},
    "people": {"enabled": StrictBool, "sidebarWeb": StrictBool, "minimumFaces": Count},
    "purchase": {"showSupportBadge": StrictBool, "hideBuyButtonUntil": StrictStr},
    "ratings": {"enabled": StrictBool},
    "sharedLinks": {"enabled": StrictBool, "sidebarWeb": StrictBool},
    "tags": {"enabled": StrictBool, "sidebarWeb": StrictBool},
    "recentlyAdded": {"sidebarWeb": StrictBool},
}


def _section(name: str, kind: str, **options: bool) -> type[Schema]:
    fields = {key: field(**options) for key, field in SECTIONS[name].items()}
    return Schema.from_dict(fields, name=f"{name[0].upper()}{name[1:]}{kind}")


AvatarUpdate = Schema.from_dict({"color": Enum(UserAvatarColor)}, name="AvatarUpdate")

UserPreferencesUpdate = Schema.from_dict(
    {**{name: Nested(_section(name, "Update")) for name in SECTIONS}, "avatar": Nested(AvatarUpdate)},
    name="UserPreferencesUpdate")

UserPreferencesResponse = Schema.from_dict(
    {name: Nested(_section(name, "Response", required=True), required=True) for name in SECTIONS},
    name="UserPreferencesResponse")
