"""Integrity reports: what of rows and bytes does not belong together (`/api/admin/integrity`), looked for by jobs."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("integrity", "1.0", API_VERSION)
