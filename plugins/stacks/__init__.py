"""Stacks: several assets of a user that are shown as one (`/api/stacks`).

Which stack an asset is in stands in `asset.stack_id`, a column of the core. Switched off, assets are shown one by one.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("stacks", "1.0", API_VERSION)
