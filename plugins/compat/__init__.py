"""Features that are not built: what clients are told about them (`docs/compat.md`).

Nothing here pretends. Where nothing can be, because the feature is missing, the answer is that of an Immich on which
nobody has used it: empty lists, zeros, not found. What would need the feature is refused, and the refusal says so.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("compat", "1.0", API_VERSION, fallback=True)
