"""What a browser gets: the official web client, where its build is installed, or a small page of our own."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta(name="web", version="1.0.0", api_version=API_VERSION)
