"""Comments and likes in albums (`/api/activities`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("activities", "1.0", API_VERSION, requires=("albums",))
