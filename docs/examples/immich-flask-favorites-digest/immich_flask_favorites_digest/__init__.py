"""Favourites of the week: what a user marked since the last time, told once a week (`/api/favorites-digests`)."""

from immich_flask.contracts.plugin import PluginMeta

META = PluginMeta("favorites_digest", "1.0", "1.0")
