"""People, and their faces on pictures, named and drawn by hand or taken from what files say (`/api/people`,
`/api/faces`).

Nobody is recognised: that would take machine learning.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("people", "1.0", API_VERSION, requires=("media",))
