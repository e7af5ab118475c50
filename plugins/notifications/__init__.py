"""Notifications: what users are told in the clients' bell (`/api/notifications`)."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("notifications", "1.0", API_VERSION)
