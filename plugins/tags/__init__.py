"""Tags: names in levels that a user puts on assets (`/api/tags`), or finds in their files.

Switched off, what files say is still read; a nightly job puts it on the assets once the plugin is on again.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("tags", "1.0", API_VERSION)
