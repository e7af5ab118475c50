"""Albums: pictures put together, alone or with others (`/api/albums`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("albums", "1.0", API_VERSION)
