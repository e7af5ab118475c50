"""Memories: what was photographed on this day in earlier years (`/api/memories`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("memories", "1.0", API_VERSION)
