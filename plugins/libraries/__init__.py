"""External libraries: folders of the machine whose pictures are shown where they are (`/api/libraries`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("libraries", "1.0", API_VERSION)
