"""Many originals at once, as ZIP archives (`/api/download`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("download", "1.0", API_VERSION)
