"""Partners: one user shows another the whole timeline (`/api/partners`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("partners", "1.0", API_VERSION)
