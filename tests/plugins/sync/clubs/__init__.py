"""A plugin for tests: clubs with members and photos, told to clients as albums."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("clubs", "1", API_VERSION)
