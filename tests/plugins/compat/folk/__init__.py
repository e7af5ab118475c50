"""A plugin for tests, as somebody might bring it: people."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("folk", "1", API_VERSION)
