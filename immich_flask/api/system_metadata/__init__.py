"""What the server remembers for its administrator (`/api/system-metadata`)."""

from immich_flask.api.system_metadata.routes import bp

__all__ = ["bp"]
