"""A plugin for tests: lends assets to other users and to links, and writes down what it hears."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("lending", "1", API_VERSION)
