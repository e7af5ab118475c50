"""Shared links: an album, or some assets, for everybody who has the address (`/api/shared-links`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("shared_links", "1.0", API_VERSION, requires=("albums",))
