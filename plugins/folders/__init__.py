"""The folder view: assets by the directories of their original paths (`/api/view/folder`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("folders", "1.0", API_VERSION)
