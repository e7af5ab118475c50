"""Where pictures were taken: markers on a map, the names of places (`/api/map`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("map", "1.0", API_VERSION)
