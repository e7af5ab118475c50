"""What happens, told at once to clients that are connected (`/api/socket.io`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("realtime", "1.0", API_VERSION)
