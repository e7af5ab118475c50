"""Finding assets by what is known of them (`/api/search`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("search", "1.0", API_VERSION)
