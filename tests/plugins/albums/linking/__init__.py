"""A plugin for tests: links to albums, kept in memory, and an ear for what albums tell."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("linking", "1", API_VERSION, requires=("albums",))
