"""What the mobile app keeps a copy of (`/api/sync`): changes as a stream of JSON lines, and how far it has read."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("sync", "1.0", API_VERSION)
