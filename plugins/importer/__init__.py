"""Coming from elsewhere: `immich-flask import` copies the library of a running Immich, or a folder."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta(name="importer", version="1.0.0", api_version=API_VERSION)
