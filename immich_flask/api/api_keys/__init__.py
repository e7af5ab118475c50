"""The caller's API keys (`/api/api-keys`)."""

from immich_flask.api.api_keys.routes import bp

__all__ = ["bp"]
