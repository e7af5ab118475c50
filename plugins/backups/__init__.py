"""Backups of the database that the server makes by itself, and keeps in the storage (`/api/admin/database-backups`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("backups", "1.0", API_VERSION)
