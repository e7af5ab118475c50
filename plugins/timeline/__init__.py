"""The grid of photos by month: `/api/timeline`."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("timeline", "1.0", API_VERSION)
