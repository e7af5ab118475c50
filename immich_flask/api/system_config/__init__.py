"""The system configuration (`/api/system-config`)."""

from immich_flask.api.system_config.routes import bp

__all__ = ["bp"]
