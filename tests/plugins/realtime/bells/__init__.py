"""A plugin for tests, as somebody might bring it: bells that clients hear."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("bells", "1", API_VERSION)
