"""The trash: deleted assets can be restored for some days (`/api/trash`).

Switched off, deleting is for good at once; what was in the trash then stays there until the plugin is on again.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("trash", "1.0", API_VERSION)
