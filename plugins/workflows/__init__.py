"""Workflows: what shall be done by itself when something happens to pictures (`/api/workflows`).

Their steps are methods of Immich's own plugins, of which this server runs none. So workflows are made, kept, shared and
changed as on an Immich without plugins: any step is one that nobody knows.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("workflows", "1.0", API_VERSION)
